"""A version that was trained without somebody is built again without them, also when the limit has been lifted since."""

from __future__ import annotations

import pytest

from tests.rebuild.verify.test_verify import again, project  # noqa: F401 - a fixture
from tidemill.access.caller import Caller
from tidemill.data.limited import less_limited
from tidemill.data.tables.tables import open_tables
from tidemill.model.pipeline import build_candidate
from tidemill.ops.rights import limits

ME = Caller.local()


@pytest.mark.usefixtures("project")
def test_it_is_the_same_as_the_limits_stood_then(request):
    shop = request.getfixturevalue("project")
    who = open_tables(shop).read("sales").collect()["customer"][0]
    with_them = build_candidate(shop)
    one = limits.object_to(shop, ME, str(who))
    rows = less_limited(shop, "sales", open_tables(shop).read("sales")).collect()
    assert who not in set(rows["customer"]) and rows.height > 0
    without = build_candidate(shop)
    assert without.bundle != with_them.bundle
    limits.lift(shop, ME, one.limit.id)
    found = again(shop, without)
    assert found.verdict == "identical", found.why
    assert build_candidate(shop).evaluation_bundle == with_them.evaluation_bundle
