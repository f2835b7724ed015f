"""What every metadata store must keep of people's rights."""

from __future__ import annotations

import random
from dataclasses import replace

from tidemill.errors import Conflict, NotFound
from tidemill.store.rights import SubjectLimit
from tidemill.testing import records as sample
from tidemill.testing.asking import refused
from tidemill.testing.metadata_runs import Opened


class LimitsSuite:
    """Whose data may not be used, now and at any moment before."""

    def test_a_limit_stands_until_it_is_lifted_and_each_is_a_new_revision(self, opened: Opened) -> None:
        store, other = opened(), opened()
        assert store.limits.revision() == 0 and list(store.limits.standing()) == []
        begun = store.limits.begin(sample.limit())
        assert begun.begun == other.limits.revision() == other.revisions()["limits"] > 0
        assert list(other.limits.standing()) == [begun]
        over = store.limits.end(begun.id, 1_200, "principal_2")
        assert over == replace(begun, ended=1_200, ended_by="principal_2", over=other.limits.revision())
        assert over.over is not None and over.over > begun.begun
        assert list(other.limits.standing()) == [] and list(other.limits.standing(begun.begun)) == [over]
        refused(Conflict, lambda: store.limits.end(begun.id, 1_300, "principal_2"))
        refused(NotFound, lambda: store.limits.end("limit_9", 1_300, "principal_2"))
        assert other.limits.revision() == over.over

    def test_the_limits_of_any_revision_are_those_that_stood_then(self, opened: Opened) -> None:
        store, drawn = opened(), random.Random(14)
        standing: dict[str, SubjectLimit] = {}
        then = {0: set[str]()}
        for n in range(24):
            if standing and drawn.random() < 0.4:
                gone = standing.pop(drawn.choice(sorted(standing)))
                store.limits.end(gone.id, n, "me")
            else:
                new = store.limits.begin(sample.limit(f"limit_{n}", subject=str(n % 5), mark=f"mark {n % 5}"))
                standing[new.id] = new
            then[store.limits.revision()] = set(standing)
        assert len(then) == 25
        for revision, ids in then.items():
            assert {one.id for one in store.limits.standing(revision)} == ids
        assert {one.id for one in store.limits.standing()} == set(standing)

    def test_of_who_is_forgotten_no_name_is_left(self, opened: Opened) -> None:
        store = opened()
        over = store.limits.end(store.limits.begin(sample.limit("limit_1")).id, 5, "me")
        store.limits.begin(sample.limit("limit_2"))
        kept = store.limits.begin(sample.limit("limit_3", subject="other", mark="other"))
        assert store.limits.redact(over.mark, 9, "me") == 2
        assert list(store.limits.standing()) == [kept]
        one, two, _ = store.limits.list()
        assert one == replace(over, subject="") and (two.subject, two.ended, two.ended_by) == ("", 9, "me")
        assert [h.place for h in store.named_in().find(over.subject)] == []


class RequestsSuite:
    """What was asked for about people."""

    def test_a_request_waits_until_it_ends_and_ends_once(self, opened: Opened) -> None:
        store, other = opened(), opened()
        store.requests.add(sample.request())
        store.requests.add(sample.request("request_2", mark="another", received=150))
        assert [one.id for one in other.requests.list(is_open=True)] == ["request_1", "request_2"]
        ended = store.requests.change("request_1", ended=300, how="done", ended_by="me")
        assert ended == sample.request(ended=300, how="done", ended_by="me") == other.requests.get("request_1")
        assert [one.id for one in other.requests.list(is_open=True)] == ["request_2"]
        refused(Conflict, lambda: store.requests.change("request_1", how="refused"))
        refused(NotFound, lambda: store.requests.change("request_9", how="refused"))

    def test_of_who_is_forgotten_no_name_is_left(self, opened: Opened) -> None:
        store = opened()
        store.requests.add(sample.request())
        store.requests.add(sample.request("request_2", mark="another", subject="67890"))
        assert store.requests.redact(sample.request().mark) == 1
        assert [one.subject for one in store.requests.list()] == ["", "67890"]
