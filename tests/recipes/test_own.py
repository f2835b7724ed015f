"""What `tidemill new --from` chooses from a file, and says: the target's task, the time, the columns left out; never in silence."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import subprocess
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tidemill
from tests.raised import raised
from tidemill.cli.main import main
from tidemill.config.decode import load
from tidemill.data.contract.contract import Contract
from tidemill.errors import ProjectError, TidemillError
from tidemill.recipes.own.look import look
from tidemill.recipes.own.plan import Aim, Plan, next_question, plan
from tidemill.recipes.own.write import contract_text, quoted


def table(path: Path, rows: int = 200, **columns: object) -> Path:
    """A CSV: amount says much of bad; each further column is a function of the row's number, or a value."""
    dice, lines = random.Random(1), [",".join(["amount", "kind", "bad", *columns])]
    for n in range(rows):
        amount = dice.randint(1, 900)
        given = [str(value(n) if callable(value) else value) for value in columns.values()]
        lines.append(",".join([str(amount), dice.choice("abc"), "yes" if amount > 500 else "no", *given]))
    path.write_text("\n".join(lines) + "\n")
    return path


def planned(file: Path, **aim: object) -> Plan:
    return plan(look([file]), Aim(**{"target": "bad", **aim}))  # type: ignore[arg-type]


def day(n: int) -> date:
    return date(2024, 1, 1) + timedelta(days=n)


def test_numbers_and_days_of_another_culture_are_inputs(tmp_path: Path) -> None:
    file = table(tmp_path / "kunden.csv")
    days = [day(n // 3).strftime("%d.%m.%Y") for n in range(200)]
    old = [line.split(",") for line in file.read_text().splitlines()]
    lines = [[*old[0], "Betrag", "am"], *([*row, f"{n},{n % 90:02}", days[n]] for n, row in enumerate(old[1:]))]
    file.write_text("\n".join(";".join(line) for line in lines), encoding="utf-16")
    seen = look([file])
    assert (seen.kinds["Betrag"], seen.kinds["am"]) == ("number", "date")
    found = plan(seen, Aim(target="bad"))
    assert "Betrag" in found.inputs and found.roles["time"] == "am"
    column = next(c for c in Contract.parse(contract_text(seen, found)).columns if c.name == "Betrag")
    assert (column.digits, column.role) == ("comma", None)


def test_what_no_table_holds_is_said_of_the_file(tmp_path: Path) -> None:
    with raised(ProjectError, "t.csv"):
        look([table(tmp_path / "t.csv", Amount=lambda n: n)])


def test_what_says_nothing_of_later_rows_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    file = table(
        tmp_path / "loans.csv",
        loan_id=lambda n: f"L{n}",
        row=lambda n: n + 1,
        currency="EUR",
        remark=lambda n: f"remark of {n * 7919}",
        due=day,
        nothing="",
        size=lambda n: n % 17,
    )
    found = planned(file, time="none")
    assert set(found.left_out) == {"loan_id", "row", "currency", "remark", "due", "nothing"}
    assert found.inputs == ("amount", "kind", "size") and found.task == "classify" and found.test == ""
    assert all(any(name in sentence for sentence in found.said) for name in found.left_out)


@pytest.mark.parametrize("twin", ["alive", "score"])
def test_the_target_in_other_words_is_no_input(tmp_path: Path, twin: str) -> None:
    """A yes/no beside the yes/no, an amount in another unit: with it any model would be perfect."""
    lines = table(tmp_path / "x.csv").read_text().splitlines()
    lines = [f"{lines[0]},alive,score"] + [
        f"{line},{'dead' if line.endswith('yes') else 'alive'},{int(line.split(',')[0]) * 2.5}" for line in lines[1:]
    ]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    target = "bad" if twin == "alive" else "amount"
    assert twin in planned(tmp_path / "x.csv", target=target).left_out


@pytest.mark.parametrize(
    ("value", "said", "task"),
    [
        (lambda n: "yes" if n % 3 else "no", "", "classify"),
        (lambda n: n % 2, "", "classify"),
        (lambda n: n % 5, "", "classify"),
        (lambda n: n % 5, "regress", "regress"),
        (lambda n: n % 60, "", "regress"),
        (lambda n: n / 7, "", "regress"),
        (lambda n: f"{n % 2}.0", "", "classify"),
    ],
)
def test_the_task_is_chosen_from_the_target(tmp_path: Path, value: object, said: str, task: str) -> None:
    assert planned(table(tmp_path / "x.csv", y=value), target="y", task=said).task == task


@pytest.mark.parametrize(
    ("value", "more", "words"),
    [
        ("one", {}, "one value only"),
        (lambda n: f"name{n}", {}, "no label"),
        (lambda n: day(n), {}, "is a time"),
        (lambda n: "ab"[n % 2], {"task": "regress"}, "no number"),
        (lambda n: "ab"[n % 2] if n < 20 else "", {}, "20 rows only"),
        (lambda n: n % 2, {"time": "amount"}, "no time"),
        (lambda n: n % 2, {"subject": "nobody"}, "no column"),
    ],
)
def test_what_cannot_be_predicted_is_said(tmp_path: Path, value: object, more: dict[str, str], words: str) -> None:
    with raised(ProjectError, "") as caught:
        planned(table(tmp_path / "x.csv", y=value), target="y", **more)
    assert words in caught.value.message


def test_the_last_stretch_of_time_is_the_test(tmp_path: Path) -> None:
    found = planned(table(tmp_path / "x.csv", at=day))
    assert (found.roles["time"], found.test) == ("at", "40 days")
    assert found.calendar == ("weekday",) and "at" not in found.left_out


def test_a_time_of_too_few_days_is_no_order(tmp_path: Path) -> None:
    found = planned(table(tmp_path / "x.csv", at=lambda n: day(n // 100)))
    assert "time" not in found.roles and found.test == "" and any("at gives no order" in s for s in found.said)


def test_a_time_in_a_format_of_its_own_is_the_time_and_the_first_question_says_it_so(tmp_path: Path) -> None:
    file = table(tmp_path / "x.csv", at=lambda n: f"{day(n):%d.%m.%Y}")
    made = tidemill.new(tmp_path / "own", files=file, target="bad")
    contract = Contract.load(tmp_path / "own/contracts/x.yaml")
    assert contract.time == "at" and '"at": "18.07.2024"' in made.predict


def test_without_flags_and_without_a_terminal_the_flags_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path / "x.csv")
    with pytest.raises(SystemExit) as ended:
        main(["new", str(tmp_path / "own"), "--from", str(file)])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "--target" in said and "--recommend" in said and "amount" in said
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize("line", [["--target", "bad"], ["x.csv"], ["--recipe", "demand", "--from", "x.csv"]])
def test_options_that_do_not_go_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: list[str]) -> None:
    monkeypatch.chdir(table(tmp_path / "x.csv").parent)
    with pytest.raises(SystemExit) as ended:
        main(["new", "own", *line])
    assert ended.value.code == 2 and not Path("own").exists()


def purchases(path: Path, who: str = "customer_id", what: str = "sku", rows: int = 120) -> Path:
    lines = [f"order_no,{who},{what},bought_at"]
    lines += [f"o{n},c{n % 9},s{n % 14},{day(n // 2)} 10:00:00" for n in range(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_three_questions_at_most_and_none_that_was_answered(tmp_path: Path) -> None:
    seen = look([purchases(tmp_path / "x.csv", "wer", "was")])
    aim, asked = Aim(), []
    while (question := next_question(seen, aim)) is not None:
        asked.append(question.field)
        answers = {"target": "recommend", "subject": "wer", "item": "was"}
        aim = question.answered(aim, answers[question.field])
    assert asked == ["target", "subject", "item"]
    assert dict(plan(seen, aim).roles) == {"time": "bought_at", "subject": "wer", "item": "was"}
    assert next_question(seen, Aim(target="was")) is None
    guessed = look([purchases(tmp_path / "y.csv")])
    first = next_question(guessed, Aim())
    assert first is not None and first.default == "recommend"


def test_a_recommender_says_what_it_lacks(tmp_path: Path) -> None:
    with raised(ProjectError, "") as caught:
        plan(look([purchases(tmp_path / "x.csv", "wer", "was")]), Aim(recommend=True))
    assert "--subject" in caught.value.hint and "--item" in caught.value.hint


def test_somebody_at_a_terminal_is_asked(tmp_path: Path) -> None:
    """By the command that a person types: the answer that was mistyped is asked for again."""
    table(tmp_path / "x.csv")
    parent, child = pty.openpty()
    line = [sys.executable, "-m", "tidemill", "new", "own", "--from", "x.csv"]
    with subprocess.Popen(line, cwd=tmp_path, stdin=child, stdout=child, stderr=child) as process:
        os.close(child)
        os.write(parent, b"bda\nbad\n")
        said = b""
        with contextlib.suppress(OSError):  # so a terminal ends
            while part := os.read(parent, 65_536):
                said += part
        assert process.wait(60) == 0, said
    os.close(parent)
    assert said.count(b"What shall it predict?") == 2 and b"It predicts bad" in said
    assert Contract.load(tmp_path / "own/contracts/x.yaml").target == "bad"


HOSTILE = ['the "best"', "ä ö", "a.b", "x=1", "#no", "c[0]", "{name}", "'single'", "back\\slash", "tab\tbed"]


def test_any_column_names_make_a_project_that_reads(tmp_path: Path) -> None:
    """Names that mean something in TOML, YAML or our own templates stay names."""
    lines = ["\t".join(["y", *(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in HOSTILE if "\t" not in name)])]
    width = len(HOSTILE) - 1
    lines += [
        "\t".join(["ab"[n % 2], *("k" if i % 2 else str(n * (i + 3) % 13) for i in range(width))]) for n in range(90)
    ]
    (tmp_path / "x.tsv").write_text("\n".join(lines))
    tidemill.new(tmp_path / "own", files=[tmp_path / "x.tsv"], target="y")
    config = load(tmp_path / "own/tidemill.toml")
    left_out = config.model[next(iter(config.model))].inputs.exclude
    assert set(left_out) == {name for i, name in enumerate(n for n in HOSTILE if "\t" not in n) if i % 2}
    contract = Contract.load(tmp_path / "own/contracts/x.yaml")
    assert contract.target == "y" and set(left_out) < set(contract.names)


@given(st.text(min_size=1, max_size=20))
def test_any_text_is_written_as_toml_reads_it(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return  # half a character is in no file
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text


def test_files_of_one_table_stand_beside_each_other_and_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    one, two = table(tmp_path / "x.csv", 40), table(tmp_path / "b/x.csv", 50)
    made = tidemill.new(tmp_path / "own", files=[one, two], target="bad")
    data = sorted((tmp_path / "own/data/x").iterdir())
    assert [file.read_bytes() for file in data] == [two.read_bytes(), one.read_bytes()]
    assert made.files[-1].endswith("tidemill.toml") and made.predict.startswith("tidemill predict --inputs")
    with raised(ProjectError, str(tmp_path / "own")):
        tidemill.new(tmp_path / "own", files=str(one), target="bad")


def test_a_contract_that_is_there_and_says_otherwise_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    """Begun anew with another target, the old contract would go on naming the old one."""
    file, folder = table(tmp_path / "x.csv"), tmp_path / "own"
    tidemill.new(folder, files=[file], target="bad")
    before = (folder / "contracts/x.yaml").read_bytes()
    (folder / "tidemill.toml").unlink()
    with raised(ProjectError, str(folder / "contracts/x.yaml")):
        tidemill.new(folder, files=[file], target="kind")
    assert not (folder / "tidemill.toml").exists() and (folder / "contracts/x.yaml").read_bytes() == before
    tidemill.new(folder, files=[file], target="bad")
    assert (folder / "tidemill.toml").exists(), "what was broken off is made again"


@pytest.mark.parametrize("name", ["nothing.csv", "x.txt", "other.csv"])
def test_what_is_no_table_of_the_others_is_refused(tmp_path: Path, name: str) -> None:
    table(tmp_path / "x.csv")
    (tmp_path / "x.txt").write_text("words")
    (tmp_path / "other.csv").write_text("p,q\n1,2\n")
    with pytest.raises(TidemillError) as caught:
        tidemill.new(tmp_path / "own", files=[tmp_path / "x.csv", tmp_path / name], target="bad")
    assert name in str(caught.value) and caught.value.hint
    assert not (tmp_path / "own").exists()
