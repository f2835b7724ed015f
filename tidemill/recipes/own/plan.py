"""What a project made from a file predicts, from which columns, and how it is tested: chosen from the rows, each choice said.

Nothing here asks or writes. `next_question` gives what a person may still be asked; who has no terminal says it by flags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.data.draft.infer import names_things, words
from tidemill.errors import ProjectError
from tidemill.recipes.own.look import Seen
from tidemill.types import DAY, did_you_mean

RECOMMEND, NONE = "recommend", "none"
LEAST = 30  # so many rows with an answer there must be: with fewer nothing can be told from luck
# A text with more different values is no label; whole numbers with more are amounts; and each comes about so often.
MOST_LABELS, MOST_CODES, A_LABEL = 50, 10, 20
MOST_INPUTS = 1_000
OWN = 0.5  # a text of which so large a share is different in every row says nothing of other rows
_ANSWERS = frozenset({"target", "label", "labels", "outcome", "class", "y", "response", "answer", "result"})
_SPANS = ((DAY, "days"), (DAY // 24, "hours"), (DAY // 1440, "minutes"), (DAY // 86_400, "seconds"))
_DAYS = 4  # of so many days the test must be: rows of one day stand or fall together


@dataclass(frozen=True, slots=True)
class Aim:
    """What somebody said about the project; empty: not said. ``time`` may be ``none``: the rows have no order."""

    target: str = ""
    recommend: bool = False
    task: str = ""  # classify | regress
    time: str = ""
    subject: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: one of ``choices``. ``field``: of `Aim`."""

    field: str
    text: str
    choices: Sequence[str]
    default: str | None

    def answered(self, aim: Aim, answer: str) -> Aim:
        """The aim with this answer."""
        if self.field == "target" and answer == RECOMMEND:
            return replace(aim, recommend=True)
        return Aim(**{**asdict(aim), self.field: answer})


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole project in choices. ``left_out``: the columns that the model does not see, and why; ``said``: for people."""

    task: str
    roles: Mapping[str, str]  # by role
    key: tuple[str, ...]
    left_out: Mapping[str, str]
    test: str  # "" where the rows are split by key
    calendar: tuple[str, ...]
    inputs: tuple[str, ...]
    said: tuple[str, ...]


def next_question(seen: Seen, aim: Aim) -> Question | None:
    """What is still open, the gravest first; None when the file and what was said are enough."""
    if not aim.target and not aim.recommend:
        choices = [*seen.columns, RECOMMEND]
        text = "What shall it predict? A column's name, or 'recommend' for what each customer takes next"
        return Question("target", text, choices, _likely_target(seen))
    if aim.recommend:
        for field, what in (("subject", "says whose row it is"), ("item", "says what it is about")):
            if not getattr(aim, field) and field not in seen.roles:
                return Question(field, f"Which column {what}?", seen.columns, None)
    times = [name for name in seen.times if name != aim.target]
    if not aim.time and len(times) > 1:
        return Question("time", "Which column says when a row happened?", [*times, NONE], times[0])
    return None


def _likely_target(seen: Seen) -> str:
    """The column that is called like an answer, else the last."""
    if {"subject", "item", "time"} <= set(seen.roles):
        return RECOMMEND
    named = [name for name in seen.columns if words(name) & _ANSWERS or name.lower() in _ANSWERS]
    return (named or seen.columns)[-1]


def plan(seen: Seen, aim: Aim) -> Plan:
    """Choose what was not said. Raises ProjectError, whose hint names the flag."""
    if aim.recommend and aim.target:
        raise ProjectError("a project predicts a column or recommends, not both", hint="say --target or --recommend")
    if not aim.recommend and not aim.target:
        hint = f"say --target COLUMN (columns: {', '.join(seen.columns)}) or --recommend"
        raise ProjectError("it is not said what to predict", hint=hint)
    for field in ("target", "time", "subject", "item"):
        name = getattr(aim, field)
        if name and name not in seen.kinds and (field, name) != ("time", NONE):
            raise ProjectError(f"--{field}: there is no column {name!r}", hint=did_you_mean(name, seen.columns))
    return _recommender(seen, aim) if aim.recommend else _table(seen, aim)


# a recommender ------------------------------------------------------------------------------------------------------


def _recommender(seen: Seen, aim: Aim) -> Plan:
    roles = {role: name for role, name in seen.roles.items() if role in ("time", "subject", "item", "value")}
    for role in ("time", "subject", "item"):
        if said := getattr(aim, role):
            roles = {r: name for r, name in roles.items() if name != said} | {role: said}
    if lack := [role for role in ("time", "subject", "item") if roles.get(role, NONE) == NONE]:
        flags = " and ".join(f"--{role} COLUMN" for role in lack)
        hint = f"say {flags}; columns: {', '.join(seen.columns)}"
        raise ProjectError(f"a recommender needs to know who took what and when: no {' and no '.join(lack)}", hint=hint)
    if seen.kinds[roles["time"]] not in ("timestamp", "date"):
        raise ProjectError(f"--time: {roles['time']} is no time", hint=f"times: {', '.join(seen.times) or 'none'}")
    at = moments(seen.rows[roles["time"]])
    test = span_of_test(at, 1)
    if len(at) < LEAST or test is None:
        raise ProjectError(f"{len(at)} rows are too few for a recommender", hint=f"bring at least {LEAST}")
    part = set(roles.values())
    key = seen.key if seen.key and all(name in part or names_things(name) for name in seen.key) else ()
    told = [f"{name} is the {role}" for role, name in roles.items()]
    said = [f"It recommends what each {roles['subject']} takes next: {', '.join(told)}.", f"Tested on the last {test}."]
    return Plan(RECOMMEND, roles, key, {}, test, (), (), tuple(said))


# a column of a table --------------------------------------------------------------------------------------------------


def _table(seen: Seen, aim: Aim) -> Plan:
    target = aim.target
    rows = seen.rows.filter(pl.col(target).is_not_null())
    if rows.height < LEAST:
        hint = f"bring at least {LEAST}, or predict another column"
        raise ProjectError(f"{target!r} is known of {rows.height} rows only", hint=hint)
    task, why = task_for(rows[target], seen.kinds[target], aim.task)
    time, test, when = _order(seen, rows, aim)
    subject = _subject(seen, rows, aim)
    roles = {"target": target} | ({"time": time} if time else {}) | ({"subject": subject} if subject else {})
    left_out = dict(_left_out(seen, rows, set(roles.values()), target))
    inputs = tuple(
        n for n in seen.columns if n not in {*roles.values(), *left_out} and seen.kinds[n] not in ("timestamp", "date")
    )
    calendar = _calendar(rows[time], task, seen.columns) if time else ()
    if not inputs and not calendar:
        reasons = "; ".join(f"{name} {reason}" for name, reason in left_out.items())
        raise ProjectError(f"no column is left to predict {target!r} from: {reasons}", hint="bring further columns")
    said = [f"It predicts {target}: {why}.", when]
    said += (
        [f"{subject} says whose row it is: rows of one are never on both sides of the test."]
        if subject and not time
        else []
    )
    said += [f"{name} is left out: it {reason}." for name, reason in left_out.items()]
    key = seen.key if len(seen.key) == 1 and seen.key[0] in left_out else ()
    return Plan(task, roles, key, left_out, test, calendar, inputs, tuple(said))


def task_for(values: pl.Series, kind: str, said: str) -> tuple[str, str]:
    """(classify or regress, why), from the target's values. Raises ProjectError for what is neither.

    >>> task_for(pl.Series(["a", "b"] * 40), "string", "")[0], task_for(pl.Series(range(80)), "integer", "")[0]
    ('classify', 'regress')
    """
    name, n, distinct = values.name or "it", len(values), values.n_unique()
    if kind in ("timestamp", "date"):
        raise ProjectError(f"{name!r} is a time, which no model here predicts", hint="predict a number or a label")
    if distinct < 2:
        raise ProjectError(f"{name!r} has one value only", hint="there is nothing to predict: choose another column")
    number = kind in ("integer", "number")
    if said == "regress" and not number:
        raise ProjectError(f"{name!r} is no number", hint="leave --task out, or say --task classify")
    whole = number and bool((values.cast(pl.Float64) % 1 == 0).all())
    few = distinct == 2 or (whole and distinct <= MOST_CODES and n >= A_LABEL * distinct)
    if said == "regress" or (number and not said and not (whole and few)):
        return "regress", f"a number ({distinct:,} different values)"
    if distinct > MOST_LABELS or 2 * distinct > n:
        hint = "predict a column with few different values" + (", or say --task regress" if number else "")
        raise ProjectError(f"{name!r} has {distinct:,} different values in {n:,} rows: no label", hint=hint)
    other = "; --task regress takes them as amounts" if number and not said else ""
    return "classify", f"a label ({distinct} different values{other})"


def _order(seen: Seen, rows: pl.DataFrame, aim: Aim) -> tuple[str, str, str]:
    """(the time, the length of the test, a sentence); without a time that helps the first two are empty."""
    times = [name for name in seen.times if name != aim.target]
    if aim.time == NONE or not (times or aim.time):
        return "", "", "Tested on a fifth of the rows, chosen by a hash: no row is older or newer than another."
    name = aim.time or times[0]
    if name not in times:
        raise ProjectError(f"--time: {name} is no time", hint=f"times: {', '.join(times)}, or none")
    at = moments(rows[name])
    test = span_of_test(at, _DAYS) if len(at) > 0.99 * rows.height else None
    if test is None:
        sentence = f"{name} gives no order to test by (too few days, or missing): tested on a fifth of the rows, chosen by a hash."
        return "", "", sentence
    return name, test, f"{name} says when: tested on the last {test}, learned from what was before."


def moments(times: pl.Series) -> NDArray[np.int64]:
    """The known times in µs, in order."""
    return np.sort(times.drop_nulls().cast(pl.Datetime("us")).to_physical().to_numpy())


def span_of_test(at: NDArray[np.int64], days: int, least: int = 10) -> str | None:
    """The length of a test: the last fifth of the rows, at most two sevenths of the time, of at least so many days.

    As long again there is before it to choose a recipe by, and more to learn from. None where that does not fit.

    >>> span_of_test(np.arange(100) * DAY, 4), span_of_test(np.arange(100) * DAY // 50, 4)
    ('20 days', None)
    """
    if len(at) < 3 * least:
        return None
    end, whole = int(at[-1]) + 1, int(at[-1] - at[0])
    for share in (0.2, 0.25, 2 / 7):
        wanted = min(end - int(at[int(len(at) * (1 - share)) - 1]), whole * 2 // 7)
        unit, word = next(((unit, word) for unit, word in _SPANS if wanted >= 2 * unit), (0, ""))
        if not unit:
            return None
        span = round(wanted / unit) * unit
        edges = [end - 2 * span, end - span]
        parts = np.split(at, np.searchsorted(at, edges))
        enough = min(len(parts[1]), len(parts[2])) >= least and len(parts[0]) >= least and edges[0] - span >= at[0]
        if enough and len(np.unique(parts[2] // DAY)) >= days:
            return f"{span // unit} {word}"
    return None


def _calendar(times: pl.Series, task: str, taken: Sequence[str]) -> tuple[str, ...]:
    """The features of the moment that can say something over this stretch of time."""
    at = moments(times)
    whole = int(at[-1] - at[0])
    found = ["hour"] * bool((at % DAY).any()) + ["weekday"] * (
        whole >= 14 * DAY and bool(len(np.unique(at // DAY % 7)) > 1)
    )
    found += ["month"] * (whole >= 365 * DAY) + ["trend"] * (task == "regress")
    return tuple(name for name in found if name not in taken)


def _subject(seen: Seen, rows: pl.DataFrame, aim: Aim) -> str:
    """Whose row it is, where rows come again: what was said, else what was guessed."""
    if aim.subject:
        return aim.subject
    name = seen.roles.get("subject", "")
    return name if name and name != aim.target and 1 < rows[name].n_unique() <= rows.height // 2 else ""


def _left_out(seen: Seen, rows: pl.DataFrame, roles: set[str], target: str) -> Iterator[tuple[str, str]]:
    """The columns that a model should not see, and what they are."""
    kept = 0
    for name in seen.columns:
        if name in roles:
            continue
        if reason := _useless(rows[name], seen.kinds[name]) or _gives_away(rows[name], rows[target]):
            yield name, reason
        elif (kept := kept + 1) > MOST_INPUTS:
            yield name, f"is beyond the first {MOST_INPUTS:,}, which a request can have"


def _useless(values: pl.Series, kind: str) -> str:
    """Why a column says nothing of rows that are still to come; empty where it may."""
    known = values.drop_nulls()
    n, distinct = len(known), known.n_unique()
    if not n:
        return "is empty"
    if distinct == 1:
        return "has one value only"
    if kind in ("timestamp", "date"):
        return "is a time, and not the one that says when the row happened"
    if kind == "integer" and distinct == n == len(values) and int(known.max()) - int(known.min()) == n - 1:  # type: ignore[arg-type]
        return "numbers the rows"
    if kind in ("integer", "string") and names_things(values.name) and distinct > 0.9 * n:
        return "names the row"
    if kind == "string" and distinct > max(OWN * n, 10):
        return "is another text in nearly every row"
    return ""


def _gives_away(values: pl.Series, target: pl.Series) -> str:
    """Whether the column is the target in other words: each of its values goes with one of the target's and the other way round,
    or both are numbers on one line.
    """
    pairs = pl.DataFrame({"a": values, "b": target}).drop_nulls()
    if pairs.height < 0.9 * len(target):
        return ""
    distinct, other = pairs["a"].n_unique(), pairs["b"].n_unique()
    same = distinct == other == pairs.n_unique() and 2 * distinct <= pairs.height
    if not same and values.dtype.is_numeric() and target.dtype.is_numeric() and min(distinct, other) > 2:
        a, b = (pairs[name].cast(pl.Float64).to_numpy() for name in ("a", "b"))
        with np.errstate(over="ignore", invalid="ignore"):  # numbers so large that no float holds their squares
            same = abs(float(np.corrcoef(a, b)[0, 1])) > 1 - 1e-9
    return f"is {target.name} in other words, and would give the answer away" if same else ""
