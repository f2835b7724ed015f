"""What is older than kept goes in small pieces, and the file stays as large as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.serve.asking import NOON, TOML
from tests.tiers import both
from tidemill.errors import ConfigError, NotFound
from tidemill.feedback.kept import PIECE, drop_old
from tidemill.monitor.closing import QUALITY, _again
from tidemill.ops import predictions
from tidemill.scope.project import Project, open_project
from tidemill.store.payloads import QualityWindow, ReleaseEvidence
from tidemill.store.records import ItemChange, Outcome, Prediction, Window
from tidemill.store.sql.sqlite import MOST_WAL
from tidemill.testing import records as sample
from tidemill.testing.live import written
from tidemill.types import DAY, HeldClock, named_id

Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    made: list[Project] = []

    def make(keep: str) -> Project:
        root = tmp_path / f"shop{len(made)}"
        root.mkdir()
        (root / "tidemill.toml").write_text(f"{TOML}\n[serve]\n{keep}\n")
        made.append(open_project(root, clock=HeldClock(NOON)))
        return made[-1]

    yield make
    for project in made:
        project.close()


def answered(n: int, at: int) -> tuple[Prediction, Outcome]:
    """Ids and subjects in no order, as those of keys are."""
    id = named_id("pred", str(n))
    made = sample.prediction(
        id,
        at=at,
        subject=str(n * 7_919 % 997),
        environment="",
        key=None,
        inputs=b"{}",
        output=b'{"items": ["mug", "cup"]}',
    )
    return made, sample.outcome(f"o{n:09}", at=at, received=at, environment="", prediction=id, joined=id)


def filled(project: Project, days: int, each: int = 1) -> None:
    for day in range(days):
        rows = [answered(day * each + n, NOON - day * DAY) for n in range(each)]
        written(project.live, [p for p, _ in rows], [o for _, o in rows])


def test_what_is_older_than_kept_goes_and_is_said(make: Make) -> None:
    project = make('keep = "10 days"')
    filled(project, 15)
    assert drop_old(project, sleep=lambda seconds: None) == 8  # whole windows: the tenth day before this one is kept
    assert {p.at for p in project.live.predictions.list()} == {NOON - day * DAY for day in range(11)}
    assert {o.received for o in project.live.outcomes.list()} == {NOON - day * DAY for day in range(11)}
    assert project.kept_since == NOON // DAY * DAY - 10 * DAY and drop_old(project) == 0
    with pytest.raises(NotFound) as caught:
        predictions.show(project, named_id("pred", "12"))
    assert "[serve] keep" in caught.value.hint
    assert predictions.show(project, named_id("pred", "3")).outcomes


def test_what_a_release_on_its_way_is_judged_by_is_kept(make: Make) -> None:
    project = make('keep = "4 days"')
    filled(project, 15)
    releases = project.store.releases

    def oldest() -> int:
        drop_old(project, sleep=lambda seconds: None)
        return (NOON - project.live.predictions.list()[0].at) // DAY

    releases.add(sample.release(status="canary", started=NOON - 12 * DAY, created=NOON - 12 * DAY))
    assert oldest() == 12
    bakes = ReleaseEvidence(bake_until=NOON + 20 * DAY)
    releases.update("release_1", status="champion", started=NOON - 9 * DAY, stage_since=NOON - 6 * DAY, evidence=bakes)
    assert oldest() == 9
    releases.update("release_1", stage_since=NOON - 8 * DAY)  # from a week on it bakes by pairs alone, of what is kept
    assert oldest() == 4


def test_the_windows_of_every_environment_are_whole(make: Make) -> None:
    """The stores are one, and whichever loop comes first takes out what is old."""
    there = "[environment.staging]\n[environment.production]\n[endpoint.shop.environment.production.monitor]"
    project = make(f'keep = "30 days"\n{there}\nwindow = "7 days"')
    week = project.config.endpoints["production"]["shop"].policies.monitor.span
    assert (week, project.endpoints["shop"].monitor.span) == (7 * DAY, DAY)
    assert project.kept_since == (NOON - 30 * DAY) // week * week < (NOON - 30 * DAY) // DAY * DAY


def test_left_out_everything_is_kept(make: Make) -> None:
    project = make("")
    filled(project, 3)
    assert project.kept_since == 0 and drop_old(project) == 0 and project.live.predictions.count() == 3


def test_others_have_the_store_between_two_pieces_and_no_go_is_long(make: Make) -> None:
    project, rested = make('keep = "4 days"'), list[float]()
    filled(project, 8, PIECE)
    assert drop_old(project, 2 * PIECE, rested.append) == 2 * PIECE
    assert len(rested) == 2 and all(rested)
    assert drop_old(project, sleep=rested.append) == 4 * PIECE
    assert project.live.predictions.count() == 5 * PIECE and sum(project.live.outcomes.count().values()) == 5 * PIECE


def test_what_cannot_be_judged_again_is_not(make: Make) -> None:
    """A window whose answers are gone stays what it was judged to be."""
    for keep, expected in (('keep = "10 days"', []), ("", [NOON // DAY * DAY - 20 * DAY])):
        scope = make(keep).endpoint()
        starts = [NOON // DAY * DAY - days * DAY for days in (20, 2)]
        old, last = (
            Window(
                "shop", QUALITY, start, start + DAY, 1, QualityWindow(None, "recall@20"), complete=start != starts[0]
            )
            for start in starts
        )
        for window in (old, last):
            scope.store.windows.put(window)
        assert [one.start for one in _again(scope, last, {}, NOON) if one.read] == expected


@pytest.mark.parametrize("keep", ['keep = "2 days"', 'keep = "long"', 'keep = "0 days"'])
def test_what_is_not_judged_yet_is_kept(make: Make, keep: str) -> None:
    with pytest.raises(ConfigError):
        make(keep)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("each", both(400, 100_000))
def test_the_file_stays_as_large_as_it_is(make: Make, each: int) -> None:
    """Thirty days of so many predictions: freed pages are written again, and the log of what was committed is short."""
    project, sizes = make('keep = "4 days"'), list[int]()
    clock, path = project.clock, project.state / "live.db"
    assert isinstance(clock, HeldClock)
    for day in range(30):
        for start in range(0, each, 4_000):
            rows = [answered(day * each + n, clock.now()) for n in range(start, min(start + 4_000, each))]
            written(project.live, [p for p, _ in rows], [o for _, o in rows[::10]])
        clock.move(clock.now() + DAY)
        while drop_old(project, sleep=lambda seconds: None):
            pass
        with closing(sqlite3.connect(path)) as plain:
            sizes.append(plain.execute("PRAGMA page_count").fetchone()[0])
        assert path.with_name("live.db-wal").stat().st_size < MOST_WAL
    assert project.live.predictions.count() == 4 * each
    assert max(sizes[10:]) <= 1.1 * max(sizes[5:10])


def test_what_no_kept_answer_knew_of_items_goes_too(make: Make) -> None:
    project = make('keep = "10 days"')
    for some, day in ((range(2 * PIECE), 30), (range(2 * PIECE, 2 * PIECE + 5), 1)):
        said = [ItemChange("items", "mug", "", n, {"stock": n}) for n in some]
        project.live.items.set(said, NOON - day * DAY).result(60)
    assert drop_old(project, sleep=lambda _: None) == 2 * PIECE - 1
    assert [row.known["stock"] for row in project.live.items.past("items", "mug")] == [
        2 * PIECE + n for n in (4, 3, 2, 1, 0, -1)
    ]
