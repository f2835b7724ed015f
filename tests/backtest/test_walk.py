"""A walk through a past whose truth is known: what refitting is worth, what age costs, and that nobody looked ahead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sklearn.metrics import mean_absolute_error

from tests.backtest.sensors import DAYS, START, TOML, lay, rows
from tests.model.test_pipeline import as_sales
from tests.model.test_pipeline import lay as lay_shop
from tests.raised import raised
from tests.tasks.ranking.made import shop
from tidemill.access.caller import Caller
from tidemill.backtest.course import REFIT, STATIC
from tidemill.backtest.cuts import EACH, Asked
from tidemill.backtest.walk import parameters
from tidemill.cli.main import main
from tidemill.data.pipeline import ingest
from tidemill.errors import BadRequest, NotEnoughData, NotFound, NotTemporalSplit
from tidemill.model import prepare
from tidemill.ops import backtests
from tidemill.ops import models as ops_models
from tidemill.ops.backtests import Backtest
from tidemill.ops.gc import reachable
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.table import training_of
from tidemill.types import DAY, HeldClock

DOCS = Path(__file__).parents[2] / "docs"
TURN = 120  # the day from which the truth of the drifting sensors changes
ASKED = Asked(every="20 days")


@contextmanager
def opened(root: Path, dataset: str = "readings", days: int = DAYS) -> Iterator[Project]:
    with open_project(root, clock=HeldClock(START + days * DAY)) as project:
        ingest(project, dataset)
        yield project


def quiet(kind: str, data: Any) -> None:
    pass


def play(project: Project, asked: Asked = ASKED) -> Backtest:
    return backtests.play(project, Caller.local(), asked, quiet)


@pytest.fixture(scope="module")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with opened(lay(tmp_path_factory.mktemp("drifting") / "sensors", rows(TURN))) as project:
        yield project


@pytest.fixture(scope="module")
def played(drifting: Project) -> Backtest:
    return play(drifting)


def test_refitting_beats_the_first_fit_from_the_planted_day_on(played: Backtest) -> None:
    spans = played.report.spans
    assert [(one.start - START) // DAY for one in spans] == [80, 100, 120, 140, 160, 180]
    assert all(one.n == 20 * 20 and one.units == 20 for one in spans)
    assert spans[0].arms[REFIT] == spans[0].arms[STATIC], "the first fit is fresh in its own span"
    for one in spans[1:]:
        assert one.gain is not None
        drifted = (one.start - START) // DAY >= TURN + 20  # before that no refit has seen any of it
        assert one.gain.verdict == "better" if drifted else abs(one.gain.gain) < 0.1, one
    assert played.report.against[STATIC].verdict == "better" == played.report.against["constant"].verdict
    assert played.report.metric == "mae" and played.report.better == "lower"


def test_a_fit_loses_with_its_age(played: Backtest) -> None:
    losses = [aged.gain.gain for aged in played.report.staleness]
    assert [aged.age for aged in played.report.staleness] == [1, 2, 3, 4, 5]
    assert losses == sorted(losses, reverse=True) and losses[-1] < -0.5
    slope = played.report.slope
    assert slope is not None and slope.low < slope.gain < slope.high < 0
    assert any("loses" in line and "each 20 days" in line for line in played.said)


def test_without_a_change_neither_refitting_nor_age_shows_anything(tmp_path: Path) -> None:
    with opened(lay(tmp_path / "sensors", rows(None, seed=3))) as project:
        found = play(project)
    assert found.report.against[STATIC].verdict == "not shown"
    assert abs(found.report.against[STATIC].gain) < 0.05
    slope = found.report.slope
    assert slope is not None and slope.low < 0 < slope.high
    assert found.report.against["constant"].verdict == "better"
    assert found.cost.per_percent_s is None or found.cost.per_percent_s > 0


def test_figures_are_those_of_a_fit_by_hand(drifting: Project, played: Backtest) -> None:
    model = drifting.model("heat")
    settings = prepare.settings(model)
    trainer = training_of("regress").open_trainer(prepare.rows(model, prepare.refs_of(model)), settings)
    run = drifting.store.runs.get(played.run)
    steps = {step.name: step for step in drifting.store.steps.list(run=run.id)}
    kept = get_bundle(drifting.artifacts, steps["fit 2024-05-20"].outputs["result"]["digest"])
    cut = START + 140 * DAY
    assert kept.files == trainer.fit(kept.manifest["recipe"], cut).files
    table: Any = trainer
    asked = table.table.between(cut, cut + 20 * DAY)
    from tidemill.tasks.table import load

    told = [load(kept).predict({"load": x})["value"] for x in table.table.frame["load"][asked].to_list()]
    span = next(one for one in played.report.spans if one.start == cut)
    assert span.arms[REFIT][0] == pytest.approx(mean_absolute_error(table.table.target[asked].to_numpy(), told))


def test_no_fit_knows_what_came_after_its_cut(tmp_path: Path) -> None:
    """The same past with another future gives the same fits and the same recipe up to where it turns."""
    told = rows(None)
    day = (pl.col("ts").cast(pl.Int64) - START) // DAY
    other = told.with_columns(heat=pl.when(day >= 140).then(-pl.col("heat")).otherwise(pl.col("heat")))
    fits = []
    for name, frame in (("one", told), ("other", other)):
        with opened(lay(tmp_path / name, frame)) as project:
            found = play(project, Asked(every="20 days", recipe=EACH))
            steps = project.store.steps.list(run=found.run)
            fits.append({s.name: s.outputs["result"]["digest"] for s in steps if s.name.startswith(("fit", "search"))})
    one, other_ = fits
    same = {name for name in one if one[name] == other_[name]}
    assert same == {name for name in one if name[-10:] <= "2024-05-20"} and len(same) == 8
    assert len(one) == 12


def test_two_walks_side_by_side_are_compared_on_the_same_requests(drifting: Project, played: Backtest, capsys) -> None:
    """Refitting every 20 days loses less to a drift than every 40: by how much is asked of the very same rows."""
    rarely = play(drifting, Asked(every="40 days"))
    found = backtests.compare(drifting, played.run, rarely.run)
    assert found.gain is not None and found.gain.verdict == "better"
    whole = sum(one.n for one in rarely.report.spans)
    assert found.gain.requests == whole == 20 * 20 * 6
    assert found.gain.figures[1] == pytest.approx(
        sum(one.n * one.arms[REFIT][0] for one in rarely.report.spans) / whole
    ), "the second's own figure"
    turned = backtests.compare(drifting, rarely.run, played.run).gain
    assert turned is not None and turned.gain < 0
    main(["backtest", "compare", played.run, rarely.run, "--project", str(drifting.root), "--json"])
    assert json.loads(capsys.readouterr().out)["gain"]["requests"] == whole
    assert [run.id for run in backtests.of_model(drifting, "heat")][:1] == [rarely.run]
    same = backtests.compare(drifting, played.run, played.run).gain
    assert same is not None and same.gain == 0.0


def test_a_notebook_shows_them_as_the_documentation_says(
    drifting: Project, played: Backtest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second block of docs/python.md, but for the models: none is registered here."""
    play(drifting, Asked(every="40 days"))
    block = re.findall(r"^```py\n(.*?)^```$", (DOCS / "python.md").read_text(), re.M | re.S)[1]
    monkeypatch.chdir(drifting.root)
    names: dict[str, Any] = {}
    exec(compile(block, "python.md", "exec"), names)
    with names["project"] as project:
        shown = project.backtest(played.run)
        assert shown.frame().filter(arm=REFIT).height == len(played.report.spans)
        both = shown.compare(names["older"][0].id)
        for part in (project.backtests(), shown, both):
            html = part._repr_html_()
            assert "<script" not in html and ("<svg" in html or "<table>" in html)
        assert "loses" in shown._repr_html_() and shown._repr_html_().count("<polyline") == 2


def test_what_was_done_is_there_again(drifting: Project, played: Backtest) -> None:
    again = play(drifting)
    assert again.run != played.run and again.report == played.report
    steps = drifting.store.steps.list(run=again.run)
    assert {step.status for step in steps} == {"cached"} and len(steps) > 15
    assert again.cost == played.cost, "what was reused cost what it cost where it ran"
    assert played.cost.refits == 5 and played.cost.refit_s > 0


def test_a_walk_that_is_cut_short_goes_on(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def until(kind: str, data: Any) -> None:
        if (kind, data.get("step")) == ("finished", "fit 2024-05-20"):
            raise Killed

    with opened(lay(tmp_path / "sensors", rows(None))) as project:
        with pytest.raises(Killed):
            backtests.play(project, Caller.local(), ASKED, until)
        found = play(project)
        status = {step.name: step.status for step in project.store.steps.list(run=found.run)}
    assert status["fit 2024-03-21"] in ("cached", "done") and len(found.report.spans) == 6


def test_the_recipe_of_a_version_is_used_and_said_to_know_more(drifting: Project, played: Backtest) -> None:
    from tidemill.model.pipeline import build_candidate

    model = build_candidate(drifting)
    shown = ops_models.show(drifting, model.ref).walk
    assert shown is not None and shown.report is not None and shown.report.staleness, (
        "what age costs is told of each version"
    )
    found = play(drifting, Asked(every="40 days", recipe=str(model.version)))
    assert "later knowledge" in found.said[-1]
    assert not [s for s in drifting.store.steps.list(run=found.run) if s.name.startswith("search")]
    with raised(NotFound, "heat"):
        play(drifting, Asked(recipe="99"))


def test_a_recommender_is_played_like_a_table(tmp_path: Path) -> None:
    """Half of the items go out of sale half way: the first fit does not know the new ones."""
    from tests.model.test_pipeline import START as OPENED

    root = lay_shop(tmp_path / "shop")
    as_sales(shop(users=120)).write_parquet(root / "data/sales/one.parquet")
    with open_project(root, clock=HeldClock(OPENED + 200 * DAY)) as project:
        ingest(project, "sales")
        found = play(project, Asked(every="30 days"))
    assert found.report.metric == "ndcg@10" and found.report.unit == "subjects"
    assert set(found.report.against) >= {STATIC, "popularity", "buy_again"}
    assert found.report.against[STATIC].verdict == "better"
    last = found.report.spans[-1]
    assert last.arms[REFIT][0] > last.arms[STATIC][0] and last.method == "blend"


@pytest.mark.parametrize(
    ("asked", "kind", "place"),
    [
        (Asked(every="300 days"), NotEnoughData, "--every"),
        (Asked(since="2024-01-05"), NotEnoughData, "--since"),
        (Asked(since="2030-01-05"), NotEnoughData, "--every"),
        (Asked(every="1 day"), BadRequest, "--every"),
        (Asked(every="1 ms"), BadRequest, "--every"),
        (Asked(recipe=EACH, loop=True), BadRequest, "--recipe"),
        (Asked(model="cold"), NotFound, None),
    ],
)
def test_what_cannot_be_played_is_said_before_anything_is_fitted(
    drifting: Project, asked: Asked, kind: type[Exception], place: str | None
) -> None:
    before = len(backtests.ls(drifting).items)
    with pytest.raises(kind) as caught:
        play(drifting, asked)
    assert place is None or caught.value.place == place  # type: ignore[attr-defined]
    assert len(backtests.ls(drifting).items) == before


def test_a_copy_is_of_these_contracts_and_this_code(drifting: Project) -> None:
    asked, contract = Asked(every="20 days", loop=True), drifting.root / "contracts/readings.yaml"
    before, text = parameters(drifting, asked)["loop"], contract.read_text()
    assert parameters(drifting, asked)["loop"] == before
    contract.write_text(text + "\n# another word\n")
    try:
        assert parameters(drifting, asked)["loop"]["name"] != before["name"]
    finally:
        contract.write_text(text)


def test_rows_without_a_time_have_no_past(tmp_path: Path) -> None:
    root = lay(tmp_path / "sensors", rows(None).drop("ts").with_row_index("ts"))
    contract = root / "contracts/readings.yaml"
    timed = "logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }]"
    contract.write_text(contract.read_text().replace(timed, "logicalType: integer, required: true"))
    (root / "tidemill.toml").write_text(
        TOML.replace('train = "40 days"\nsplit = { by = "time", test = "10 days" }', "")
    )
    with opened(root) as project, raised(NotTemporalSplit, "[model.heat]"):
        play(project)


def test_spans_that_say_nothing_are_named(tmp_path: Path) -> None:
    """Nobody is there for forty days: those spans have no figures, and the others are as they were."""
    day = (pl.col("ts").cast(pl.Int64) - START) // DAY
    with opened(lay(tmp_path / "sensors", rows(None).filter(~day.is_between(120, 159)))) as project:
        found = play(project)
    silent = [one for one in found.report.spans if not one.arms]
    assert [(one.start - START) // DAY for one in silent] == [120, 140, 160]
    assert "learn from" in silent[-1].why, "forty days are trained on, and they were empty"
    assert any(line.startswith("3 of 6 spans say nothing") for line in found.said)
    assert found.report.against[STATIC].spans == 2


def test_its_report_outlives_other_backtests(drifting: Project, played: Backtest) -> None:
    play(drifting, Asked(every="60 days"))
    assert set(drifting.store.runs.get(played.run).outputs.values()) <= reachable(drifting)


def test_on_the_command_line(drifting: Project, played: Backtest, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--project", str(drifting.root)]
    main(["backtest", "heat", "--every", "20 days", *folder, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["report"]["metric"] == "mae" and len(told["report"]["spans"]) == 6
    main(["backtest", "show", told["run"], *folder])
    assert "refitting against its first fit left alone" in capsys.readouterr().out
    main(["backtest", "ls", *folder, "--json"])
    assert told["run"] in [run["id"] for run in json.loads(capsys.readouterr().out)]
    with pytest.raises(SystemExit):
        main(["backtest", "--every", "9 years", *folder])
    assert "--every" in capsys.readouterr().err


def test_a_past_with_a_pause_before_a_cut_chooses_where_rows_are(tmp_path: Path) -> None:
    """As a training does: between two seasons there is nothing to choose by."""
    day = (pl.col("ts").dt.epoch("us") - START) // DAY
    paused = rows(None).filter(~day.is_between(28, 49) & (day < 130))
    with opened(lay(tmp_path / "sensors", paused), days=130) as project:
        found = play(project)
    assert [one.n > 0 for one in found.report.spans] == [True] * len(found.report.spans)
    assert (found.report.spans[0].start - START) // DAY == 50
