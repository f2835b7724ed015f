"""Whose data may not be used is in no training, evaluation or monitor: exactly they, as the limits stood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.projects import SALES, SALES_TOML, Folder, lay, sales
from tidemill.access.caller import Caller
from tidemill.data.limited import LIMITED, known_of, left_out, less_limited, used, whom
from tidemill.model import prepare
from tidemill.model.history import Histories
from tidemill.model.pipeline import model_pipeline
from tidemill.ops.rights import limits
from tidemill.scope.project import Project, open_project
from tidemill.testing import records as sample

ME = Caller.local()
KINDS, NAMES = ("customer_id", "stock_code", "nobody_id"), ("1", "2", "3", "A")
PURPOSES = ("", "marketing", "fraud")
WORDS = st.sampled_from(PURPOSES[1:])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    made: Folder = lay(tmp_path / "shop", "sales", SALES, SALES_TOML)
    made.write("data/sales/one.csv", *sales(40))
    made.ingest()
    with open_project(made.root) as project:
        yield project


def learned(project: Project, **more: Any) -> pl.DataFrame:
    found = Histories(project, prepare.refs_of(project.model()), **more).of("sales").collect()
    return found.select(pl.exclude("^_.*$"))


def test_the_training_set_is_less_exactly_the_person_until_the_limit_is_lifted(shop: Project) -> None:
    before, rows = learned(shop), prepare.rows(shop.model(), prepare.refs_of(shop.model()))
    assert "17003" in before["customer_id"].to_list()
    begun = limits.object_to(shop, ME, " 17003 ")
    after = before.filter(pl.col("customer_id") != "17003")
    assert learned(shop).equals(after) and 0 < after.height < before.height
    fewer = prepare.rows(shop.model(), prepare.refs_of(shop.model()))
    assert fewer.height == rows.height - (before.height - after.height)
    then = shop.store.limits.revision()
    limits.lift(shop, ME, begun.limit.id)
    assert learned(shop).equals(before)
    assert learned(shop, limits=then).equals(after) and learned(shop, limits=0).equals(before)


def test_a_run_says_the_limits_that_it_keeps_to_and_one_without_any_says_nothing(shop: Project) -> None:
    assert "limits" not in prepare.parameters(shop.endpoint(), None, "me")
    limits.restrict(shop, ME, "17003")
    params = prepare.parameters(shop.endpoint(), None, "me")
    assert params["limits"] == shop.store.limits.revision()
    assert model_pipeline.parameters(params)["limits"] == params["limits"]
    arguments = {"name": "shop", "data": prepare.refs_of(shop.model()), "limits": params["limits"]}
    ctx: Any = SimpleNamespace(resource=lambda _: shop)
    assert len(prepare.identity(ctx, arguments)["limits"]) == 1
    assert "limits" not in prepare.identity(ctx, {**arguments, "limits": 0})


def test_a_limit_for_a_purpose_holds_where_the_rows_were_collected_for_it(shop: Project) -> None:
    path = shop.root / "contracts/sales.yaml"
    text = path.read_text()
    limits.withdraw(shop, ME, "17003", purpose="marketing")
    assert left_out(shop, "sales") == {"17003"}  # the contract does not say what for
    own = "    customProperties:\n      - { property: tidemill.purpose, value: [%s] }\n"
    path.write_text(text.replace("    customProperties:\n", own % "fraud", 1))
    assert left_out(shop, "sales") == frozenset()
    path.write_text(text.replace("    customProperties:\n", own % "fraud, marketing", 1))
    assert left_out(shop, "sales") == {"17003"}


def test_answers_to_them_are_looked_at_by_nobody_nor_what_was_answered_meanwhile_once_it_is_lifted(
    shop: Project,
) -> None:
    asked = [sample.prediction(f"p{n}", subject=str(17000 + n), arm="champion") for n in range(4)]
    scope = shop.endpoint()
    assert used(scope, asked) is asked
    begun = limits.object_to(shop, ME, "17002")
    assert [p.id for p in used(scope, iter(asked))] == ["p0", "p1", "p3"]
    meanwhile = sample.prediction("p9", subject="17002", arm=LIMITED)
    limits.lift(shop, ME, begun.limit.id)
    assert [p.id for p in used(scope, [*asked, meanwhile])] == ["p0", "p1", "p2", "p3"]


def test_whatever_judges_answers_goes_by_the_limits() -> None:
    """Of every module that reads what was answered for anything but telling, or counting, it."""
    reads = re.compile(r"predictions\.(watched|spread|asked|units)\(")
    counts = {"tidemill/monitor/platform.py", "tidemill/rights/recall/pipeline.py"}  # how long they took; whom to tell
    read = {str(path) for path in Path("tidemill").rglob("*.py") if reads.search(path.read_text("utf-8"))}
    by_limits = {path for path in read if "from tidemill.data.limited import" in Path(path).read_text("utf-8")}
    own = {path for path in read if path.startswith(("tidemill/store", "tidemill/testing"))}
    assert read - by_limits - own == counts


limit = st.builds(
    lambda of, subject, purpose: sample.limit(of=of, subject=subject, purpose=purpose),
    st.sampled_from(KINDS),
    st.sampled_from(NAMES),
    st.sampled_from(PURPOSES),
)


@given(
    st.lists(limit, max_size=6),
    st.lists(st.tuples(st.sampled_from([*NAMES, None]), st.sampled_from(NAMES)), max_size=12),
    st.lists(WORDS, max_size=2, unique=True),
)
def test_the_rows_that_are_left_are_those_that_a_plain_search_leaves(
    tmp_path_factory: pytest.TempPathFactory, said: list[Any], rows: list[tuple[Any, str]], purposes: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{'-'.join(purposes) or 'none'}.yaml"
    own = f"    customProperties:\n      - {{ property: tidemill.purpose, value: [{', '.join(purposes)}] }}\n"
    if not path.exists():
        path.write_text(SALES.replace("    customProperties:\n", own, 1) if purposes else SALES)
    dataset = SimpleNamespace(contract_path=path)
    store = SimpleNamespace(limits=SimpleNamespace(standing=lambda revision: said))
    project: Any = SimpleNamespace(store=store, dataset=lambda name: dataset)
    frame = pl.DataFrame(
        {"customer_id": [a for a, _ in rows], "stock_code": [b for _, b in rows], "n": range(len(rows))},
        {"customer_id": pl.String, "stock_code": pl.String, "n": pl.Int64},
    )

    def out(kind: str, name: str | None) -> bool:
        return any(
            (one.of, one.subject) == (kind, name) and (one.purpose == "" or not purposes or one.purpose in purposes)
            for one in said
        )

    expected = [n for n, (who, what) in enumerate(rows) if not out("customer_id", who) and not out("stock_code", what)]
    assert less_limited(project, "sales", frame.lazy()).collect()["n"].to_list() == expected
    about = whom(dataset)  # type: ignore[arg-type]
    assert [about.named(known_of(said), name) for name in NAMES] == [out("customer_id", name) for name in NAMES]
