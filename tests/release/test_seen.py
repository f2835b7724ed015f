"""Who was answered by a release that was taken back: counted when it has ended, listed row by row while the log holds it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.release.test_rollout import later
from tests.release.test_rollout_steps import begun, found, look
from tidemill.access.caller import Caller
from tidemill.cli.main import main
from tidemill.ops import releases as verbs
from tidemill.release.rollout import seen
from tidemill.scope.project import Project
from tidemill.store.payloads import Saw
from tidemill.testing import records as sample
from tidemill.types import DAY
from tidemill.web.export import pieces

ADA = Caller.local()


def answer(project: Project, release: str, n: int, subjects: int, start: int = 0) -> None:
    now = project.clock.now()
    made = [
        replace(
            sample.prediction(f"pred_{release}_{start + i:04}"),
            at=now + i,
            release=release,
            endpoint="shop",
            subject=f"s{i % subjects}" if i % 5 else "",
        )
        for i in range(n)
    ]
    project.live.append(made, [], [])
    project.live.flush()


@pytest.fixture
def bad(project: Project) -> Project:
    """A canary that answered 40 requests beside 60 of the champion, and was taken back by a rule a day later."""
    begun(project)
    answer(project, "release_2", 40, 9)
    answer(project, "release_1", 60, 30)
    assert look(project, 1, level=0.02) == ["rolled_back"]
    return project


def test_it_is_counted_once_it_has_ended_and_nobody_can_be_answered_any_more(bad: Project) -> None:
    scope = bad.endpoint()
    seen.count_ended(scope, bad.clock.now())
    assert found(bad).evidence.saw is None, "a scorer may hold an answer yet"
    now = later(bad, 0.01)
    seen.count_ended(scope, now)
    first = 100 * DAY
    assert found(bad).evidence.saw == Saw(40, 9, 8, first, first + 39, complete=True)
    answer(bad, "release_2", 3, 3, start=100)  # whatever comes: it is what it was
    seen.count_ended(scope, now + DAY)
    assert verbs.saw(bad, "release_2").saw.requests == 40
    assert verbs.show(bad, "release_2").release.evidence.saw == found(bad).evidence.saw


def test_of_one_that_goes_on_it_is_what_the_log_says_now(bad: Project) -> None:
    shown = verbs.saw(bad, "release_1")
    assert (shown.status, shown.saw.requests) == ("champion", 60) and found(bad, "release_1").evidence.saw is None


def test_the_list_is_read_piece_by_piece_and_in_order(bad: Project) -> None:
    scope, log = bad.endpoint(), bad.live.predictions
    span = {"since": 0, "until": 200 * DAY}
    whole = list(log.answers_of("release_2", **scope.here, **span))
    assert [one.id for one in whole] == [f"pred_release_2_{n:04}" for n in range(40)]
    for size in (1, 3, 39, 40, 41):
        assert list(log.answers_of("release_2", **scope.here, **span, at_once=size)) == whole
    few = islice(log.answers_of("release_2", **scope.here, **span, at_once=2), 3)
    assert [one.subject for one in few] == ["", "s1", "s2"]


def test_more_subjects_than_are_held_at_a_time_are_counted_all_the_same(
    bad: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "_KEPT", 4)
    assert seen.count(bad.endpoint(), found(bad)).subjects == 9


def test_the_command_and_the_page_write_it_to_a_file(
    bad: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("who.csv", "who.jsonl"):
        asked = ["release", "saw", "release_2", "--out", str(tmp_path / name), "--project", str(bad.root), "--json"]
        assert main(asked) in (0, None)
        told = json.loads(capsys.readouterr().out)
        assert (told["listed"], told["saw"]["subjects"]) == (40, 9)
    rows = list(csv.DictReader((tmp_path / "who.csv").read_text().splitlines()))
    lines = [json.loads(line) for line in (tmp_path / "who.jsonl").read_text().splitlines()]
    assert rows == lines and rows[7] == {"at": rows[7]["at"], "id": "pred_release_2_0007", "subject": "s7"}
    assert (
        "".join(pieces(bad, "saw", "release_2")).splitlines()[1:] == (tmp_path / "who.csv").read_text().splitlines()[1:]
    )
    with pytest.raises(SystemExit):
        main(["release", "saw", "release_2", "--out", "who.xls", "--project", str(bad.root)])
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".who")]


def test_what_the_log_no_longer_holds_is_said(bad: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(bad), "kept_since", property(lambda project: 100 * DAY + 20))
    bad.live.predictions.drop(100 * DAY + 20, 1_000)
    counted = seen.count(bad.endpoint(), found(bad))
    assert (counted.requests, counted.complete) == (20, False)


def test_a_release_that_answered_nobody_says_so(project: Project) -> None:
    canary = begun(project)
    verbs.halt(project, ADA, canary.id, "never mind")
    seen.count_ended(project.endpoint(), later(project, 1))
    shown = verbs.saw(project, canary.id)
    assert shown.saw == Saw(0, 0, 0, None, None, complete=True) and shown.text == "it has answered nobody"
