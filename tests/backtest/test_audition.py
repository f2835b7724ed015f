"""The present system beside the loop: with known answers, by hand-made figures, and with files as sceptics bring them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, mean_absolute_error

from tests.backtest.sensors import START, lay, rows
from tests.backtest.test_loop import RETRAINS, inline
from tests.backtest.test_walk import TURN, opened, quiet
from tests.raised import raised
from tidemill.access.caller import Caller
from tidemill.backtest import play as playing
from tidemill.backtest.compared import INCUMBENT, Compared
from tidemill.backtest.cuts import Asked
from tidemill.backtest.lived import LOOP
from tidemill.cli.main import main
from tidemill.errors import BadRequest, ConfigError, NotAttested, SourceError
from tidemill.ops import auditions, backtests
from tidemill.release.signing.attest import open_envelope
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import Project
from tidemill.types import DAY, to_iso

ASKED = Asked(every="20 days")
FROM = START + 80 * DAY  # the first cut


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("home")
        patched.setenv("TIDEMILL_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def drifting(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with opened(lay(tmp_path_factory.mktemp("drifting") / "sensors", rows(TURN))) as project:
        yield project


def told(frame: pl.DataFrame, prediction: pl.Expr) -> pl.DataFrame:
    """A file of the present system: a prediction for each row."""
    return frame.select("sensor", "ts", prediction.alias("prediction"))


def write(path: Path, frame: pl.DataFrame) -> Path:
    frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    return path


def hold(project: Project, path: Path, asked: Asked = ASKED) -> Compared:
    return auditions.hold(project, Caller.local(), asked, path, quiet).report


OLD = 10 * pl.col("load")  # what was right before the truth changed


def test_both_sides_are_those_of_a_hand_made_comparison(drifting: Project, tmp_path: Path) -> None:
    frame = rows(TURN)
    found = hold(drifting, write(tmp_path / "old.csv", told(frame, OLD)))
    assert (found.metric, found.better, found.verdict, found.unit) == ("mae", "lower", "promoted", "subjects")
    asked = frame.filter(pl.col("ts").cast(pl.Int64) >= FROM)
    theirs = mean_absolute_error(asked["heat"], 10 * asked["load"])
    assert found.arms[INCUMBENT][0] == pytest.approx(theirs) and found.arms[LOOP][0] < theirs
    assert found.difference[0] == pytest.approx(theirs - found.arms[LOOP][0])
    assert found.gain.gain == pytest.approx(1 - found.arms[LOOP][0] / theirs)
    assert found.gain.low <= found.gain.gain <= found.gain.high
    assert found.incumbent.answered == found.gain.requests == asked.height and found.incumbent.unanswered == 0
    assert found.incumbent.before == frame.height - asked.height
    for month in found.months:
        mine = asked.filter(pl.col("ts").dt.strftime("%Y-%m") == month.month)
        assert month.n == mine.height
        assert month.arms[INCUMBENT][0] == pytest.approx(mean_absolute_error(mine["heat"], 10 * mine["load"]))


def test_an_oracle_is_better_than_the_loop_and_an_equal_is_no_gain(drifting: Project, tmp_path: Path) -> None:
    frame = rows(TURN)
    oracle = hold(drifting, write(tmp_path / "oracle.csv", told(frame, pl.col("heat") + 0.01)))
    assert oracle.verdict == "worse" and oracle.gain.high < 0


def test_by_labels_alone_both_are_measured_by_how_often_they_are_right(home: Path, tmp_path: Path) -> None:
    hot = rows(None).with_columns(heat=pl.when(pl.col("heat") > 5).then(pl.lit("hot")).otherwise(pl.lit("fine")))
    root = lay(tmp_path / "sensors", hot)
    contract = root / "contracts/readings.yaml"
    contract.write_text(
        contract.read_text().replace("name: heat, logicalType: number", "name: heat, logicalType: string")
    )
    toml = root / "tidemill.toml"
    toml.write_text(toml.read_text().replace('"regress"', '"classify"').replace('"mae"', '"log_loss"'))
    asked = hot.filter(pl.col("ts").cast(pl.Int64) >= FROM)
    always = told(hot, pl.when(pl.col("load") > 0.8).then(pl.lit("hot ")).otherwise(pl.lit("fine")))
    with opened(root) as project:
        found = hold(project, write(tmp_path / "labels.csv", always))
        assert found.metric == "accuracy" and found.verdict == "promoted"
        said = np.where(asked["load"].to_numpy() > 0.8, "hot", "fine")
        assert found.arms[INCUMBENT][0] == pytest.approx(accuracy_score(asked["heat"], said))
        chances = hot.select("sensor", "ts", (pl.col("load").clip(0.01, 0.99)).alias("probability"))
        found = hold(project, write(tmp_path / "chances.csv", chances))
        assert found.metric == "log_loss" and found.verdict == "promoted"
        chance = np.where(asked["heat"].to_numpy() == "hot", (p := asked["load"].clip(0.01, 0.99).to_numpy()), 1 - p)
        assert found.arms[INCUMBENT][0] == pytest.approx(float(-np.log(chance).mean()))


def test_what_cannot_be_used_is_counted_with_examples(drifting: Project, tmp_path: Path) -> None:
    frame = rows(TURN).filter(pl.col("ts").cast(pl.Int64) >= START + 150 * DAY)  # part of the time
    texts = (
        told(frame, OLD).cast({"prediction": pl.String}).with_columns(pl.col("ts").dt.to_string("%Y-%m-%dT%H:%M:%S"))
    )
    changed = texts.with_columns(predicted_at="ts")
    odd = changed[:5].with_columns(
        sensor=pl.Series(["s99", "s1", None, "s3", "s4"]),
        prediction=pl.Series(["1", "warm", "1", "2", "3"]),
        predicted_at=pl.Series([None, None, None, "2030-01-01T00:00:00", None]),
    )
    file = write(tmp_path / "odd.csv", pl.concat([odd, changed[5:], changed[20:22]]))
    found = hold(drifting, file)
    assert found.incumbent.refused == {
        "prediction: not a finite number": 1,
        "sensor: missing": 1,
        "duplicate": 2,
        "no such request in the data": 1,
        "predicted after its moment": 1,
    }
    assert found.incumbent.examples["no such request in the data"][0].startswith("s99/2024-")
    assert "warm" in found.incumbent.examples["prediction: not a finite number"][0]
    assert found.incumbent.unanswered == 70 * 20 + 4, "the time before its first row, and those four"
    assert found.start == FROM and found.months[0].month >= to_iso(START + 150 * DAY)[:7]


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (pl.DataFrame({"sensor": ["x"], "ts": ["2024-05-01"], "prediction": [1]}), SourceError),
        (pl.DataFrame({"sensor": ["s1"], "ts": ["2024-05-01"], "guess": [1]}), BadRequest),
        (pl.DataFrame({"sensor": ["s1"], "prediction": [1]}), BadRequest),
        (pl.DataFrame({"sensor": ["s1"], "ts": ["soon"], "prediction": [1]}), SourceError),
    ],
)
def test_a_file_that_says_nothing_is_refused(
    drifting: Project, tmp_path: Path, frame: pl.DataFrame, kind: type
) -> None:
    path = tmp_path / "file.csv"
    frame.write_csv(path)
    with pytest.raises(kind):
        hold(drifting, path)


@pytest.mark.parametrize("wrong", [{"every": "nonsense"}, {"every": "0 days"}, {"since": "soon"}])
def test_a_time_that_is_none_names_its_option(drifting: Project, wrong: dict[str, str]) -> None:
    with raised(ConfigError, f"--{next(iter(wrong))}"):
        backtests.play(drifting, Caller.local(), Asked(**wrong), quiet)  # type: ignore[arg-type]


def test_no_file_and_no_table(drifting: Project, tmp_path: Path) -> None:
    with raised(SourceError, "--incumbent", hint=False):
        hold(drifting, tmp_path / "none.csv")
    (tmp_path / "notes.docx").write_bytes(b"PK")
    with raised(SourceError, "--incumbent"):
        hold(drifting, tmp_path / "notes.docx")


def test_the_report_is_signed_and_says_what_it_cannot_know(drifting: Project, tmp_path: Path, capsys) -> None:
    path = write(tmp_path / "old.csv", told(rows(TURN), OLD))
    folder = ["--project", str(drifting.root)]
    main(["audition", "--incumbent", str(path), "--every", "20 days", "--out", str(tmp_path), *folder])
    said = capsys.readouterr().out
    assert "the loop is better" in said and "not known: when the present system's answers were made" in said
    envelope = json.loads((tmp_path / "audition.dsse.json").read_bytes())
    keys = public_keys(drifting)
    predicate = open_envelope(json.dumps(envelope).encode(), keys)["predicate"]
    assert predicate["report"]["verdict"] == "promoted" and predicate["data"] == ["dataset:readings@1"]
    payload = base64.b64decode(envelope["payload"]).replace(b"promoted", b"worse")
    with pytest.raises(NotAttested):
        open_envelope(json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}).encode(), keys)
    page = (tmp_path / "audition.md").read_text()
    assert page.startswith("# Audition of heat: the loop is better") and "| 2024-05 |" in page
    assert "## What this cannot know" in page
    main(["audition", "ls", *folder, "--json"])
    run = json.loads(capsys.readouterr().out)[0]["id"]
    main(["audition", "show", run, *folder, "--json"])
    assert json.loads(capsys.readouterr().out)["report"]["verdict"] == "promoted"


def test_both_are_on_the_page(drifting: Project, tmp_path: Path) -> None:
    from tidemill.web.pages.backtests import audition, backtest
    from tidemill.web.pages.backtests import backtests as listed
    from tidemill.web.render import environment
    from tidemill.web.site import Ask

    held = auditions.hold(drifting, Caller.local(), ASKED, write(tmp_path / "old.csv", told(rows(TURN), OLD)), quiet)
    played, again = (backtests.play(drifting, Caller.local(), ASKED, quiet) for _ in range(2))
    for build, template, params, words in (
        (audition, "audition.html", {"audition": held.run}, "the loop is better"),
        (backtest, "backtest.html", {"backtest": played.run}, "its first fit left alone"),
        (backtest, "backtest.html", {"backtest": played.run, "beside": again.run}, "first against second on the same"),
        (listed, "backtests.html", {}, held.run),
    ):
        shown = build(Ask(drifting, drifting.clock.now(), params, params, False, {}))
        blocks = environment().get_template(template)
        context = blocks.new_context({**shown.values, "now": drifting.clock.now()})
        text = "".join(blocks.blocks["main"](context))
        assert words in text
        for name, tone in shown.values.get("key", ()):
            assert f'class="series {tone}"' in text and name in text, "each line of the picture says whose it is"


@pytest.mark.nightly
def test_the_loop_itself_can_be_held_against_it(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's side is what it answered in its play of the same days."""
    monkeypatch.setattr(playing, "worker_jobs", inline)
    frame = rows(TURN)
    root = lay(tmp_path / "sensors", frame)
    (root / "tidemill.toml").write_text((root / "tidemill.toml").read_text() + RETRAINS)
    with opened(root) as project:
        asked = Asked(every="20 days", since="2024-04-12", loop=True)
        found = hold(project, write(tmp_path / "old.csv", told(frame, OLD)), asked)
        assert "lived through" in found.said
        lived = backtests.play(project, Caller.local(), asked, quiet).lived
        assert lived is not None
        held, played = ([one.arms[LOOP][0] for one in of.months[:-1]] for of in (found, lived))
        assert held == pytest.approx(played) and len(held) == 3, "the truth of the last window is not in the play yet"
        assert found.incumbent.answered == lived.requests == 20 * 98


def test_where_wrong_labels_have_a_price_both_are_measured_by_it(home: Path, tmp_path: Path) -> None:
    """The present system decides by a threshold fixed at 0.5, and a missed hot one costs ten times a false alarm."""
    hot = rows(None).with_columns(heat=pl.when(pl.col("heat") > 8).then(pl.lit("hot")).otherwise(pl.lit("fine")))
    root = lay(tmp_path / "sensors", hot)
    contract, toml = root / "contracts/readings.yaml", root / "tidemill.toml"
    contract.write_text(contract.read_text().replace("heat, logicalType: number", "heat, logicalType: string"))
    costs = '[goal]\ncosts = { false_positive = 1, false_negative = 10, positive = "hot" }\n'
    toml.write_text(toml.read_text().replace('"regress"', '"classify"').replace('"mae"', '"log_loss"') + costs)
    said = pl.when(pl.col("load") > 0.8).then(pl.lit("hot")).otherwise(pl.lit("fine"))
    asked = hot.filter(pl.col("ts").cast(pl.Int64) >= FROM)
    (_, false), (missed, _) = confusion_matrix((asked["heat"] == "hot").to_numpy(), (asked["load"] > 0.8).to_numpy())
    with opened(root) as project:
        found = hold(project, write(tmp_path / "labels.csv", told(hot, said)))
        assert found.metric == "cost" and found.arms[INCUMBENT][0] == pytest.approx(
            (false + 10 * missed) / asked.height
        )
        assert found.verdict == "promoted" and found.arms[LOOP][0] < found.arms[INCUMBENT][0]
        both = hot.select("sensor", "ts", said.alias("prediction"), pl.lit(0.5).alias("probability"))
        assert hold(project, write(tmp_path / "both.csv", both)).arms == found.arms, "what was decided is what counts"
