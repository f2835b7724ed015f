"""What arrived, what is held, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tidemill.data.contract.freshness import stale_now
from tidemill.data.ingest.refused import refused
from tidemill.ops.data import ColumnChange, diff
from tidemill.ops.questions.answered import Answered, Row, Series, cut, unknown
from tidemill.ops.snapshot import WEEK, new_rows
from tidemill.ops.text import ago, count, label, plural, text
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store.records import DatasetVersion, Event
from tidemill.types import Micros

SHOWN = 14  # Versions in the picture
SHIFTED = 0.01
"""A column's share of nulls that moved by so much has changed; less is what rows bring."""


def _versions(project: Project) -> dict[str, Sequence[DatasetVersion]]:
    """Of each dataset that has some, the newest last."""
    found = {name: project.store.datasets.list(dataset=name) for name in project.datasets}
    return {name: sorted(each, key=lambda v: v.version) for name, each in found.items() if each}


def arrived(project: Project) -> Answered:
    """What arrived? The ingests of the last week, and how late the newest row is."""
    key, question, now = "arrived", "What arrived?", project.clock.now()
    versions = _versions(project)
    if not versions:
        return unknown(key, question, "no file was taken in: `tidemill run` ingests the first", "/data")
    new = {v: n for each in versions.values() for v, n in zip(each, new_rows(each))}
    last = max(new, key=lambda v: v.created)
    week = [v for v in new if v.created > now - WEEK]
    stale = stale_now(project, now)
    if stale:
        answer = f"Data is late: {'; '.join(stale.values())}. The last that came was {_came(last, new[last], now)}."
    elif week:
        of = " and ".join(f"{count(n)} rows of {name}" for name, n in _by_dataset(week, new).items())
        answer = f"{of} in {plural(len(week), 'ingest')} this week, the last {ago(last.created, now)}."
    else:
        answer = f"Nothing this week; the last was {_came(last, new[last], now)}."
    rows = [
        Row((str(v.version), v.dataset, count(new[v]), count(v.quarantined), ago(v.created, now)), _ref(v))
        for v in sorted(new, key=lambda v: v.created, reverse=True)
    ]
    shown, more = cut(rows)
    mine = versions[last.dataset][-SHOWN:]
    points = tuple((f"v{v.version}", float(new[v])) for v in mine)
    picture = Series(f"New rows of {last.dataset} by version", "version", "rows", points) if len(mine) > 1 else None
    columns = ("version", "dataset", "new rows", "held", "when")
    return Answered(key, question, answer, "warn" if stale else "ok", "/data", True, columns, shown, more, picture)


def _came(version: DatasetVersion, rows: int, now: Micros) -> str:
    return f"version {version.version} of {version.dataset} with {plural(rows, 'row')}, {ago(version.created, now)}"


def _by_dataset(versions: Sequence[DatasetVersion], new: dict[DatasetVersion, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for version in versions:
        found[version.dataset] += new[version]
    return found


def _ref(version: DatasetVersion) -> str:
    return str(Ref("dataset", version.dataset, version.version))


def held(project: Project) -> Answered:
    """What is held? Files that are refused and rows in quarantine, with why, the latest first; outcomes of items that nobody sells."""
    key, question, now = "held", "What is held back?", project.clock.now()
    versions = _versions(project)
    files = [(name, one) for name in project.datasets for one in refused(project.store, name).values()]
    if not versions and not files:
        return unknown(key, question, "no file was looked at", "/data")
    bad = {name: sum(v.quarantined for v in each) for name, each in versions.items()}
    waits = sum(project.live.outcomes.quarantined().values())
    parts = [
        f"{plural(len(files), 'file')} refused" if files else "",
        *(f"{plural(n, 'row')} of {name} in quarantine" for name, n in bad.items() if n),
        f"{plural(waits, 'outcome')} of items that no file has" if waits else "",
    ]
    held_now = [part for part in parts if part]
    answer = f"{', '.join(held_now)}." if held_now else "Nothing: every file is in, and no row broke its contract."
    rows = [Row((one.file, name, one.message, "–"), "") for name, one in files]
    rows += [row for event in _quarantines(project) for row in _reasons(event, now)]
    shown, more = cut(rows)
    fresh = any(each[-1].quarantined for each in versions.values())
    state = "bad" if files else "warn" if fresh or waits else "ok"
    return Answered(key, question, answer, state, "/data", True, ("what", "dataset", "why", "when"), shown, more)


def _quarantines(project: Project) -> Sequence[Event]:
    """The latest, of which each says how many rows have which reason; the newest first."""
    return project.store.events.page(kind="quarantined", limit=20)


def _reasons(event: Event, now: Micros) -> list[Row]:
    name = Ref.parse(event.subject).short
    found = sorted(dict(event.data.get("reasons", {})).items(), key=lambda one: -one[1])
    return [Row((plural(n, "row"), name, label(why), ago(event.at, now)), event.subject) for why, n in found]


def changed(project: Project) -> Answered:
    """What changed? The last two versions of each dataset side by side: rows, files, and columns whose values are others."""
    key, question = "changed", "What changed?"
    pairs = {name: each[-2:] for name, each in _versions(project).items() if len(each) > 1}
    if not pairs:
        return unknown(key, question, "no dataset has two versions to compare", "/data")
    said, rows = [], []
    for name, (before, after) in pairs.items():
        found = diff(project, name, before.version, after.version)
        whole = before.profile and after.profile
        columns = [change for change in found.columns if whole and _matters(change, before, after)]
        names = list(dict.fromkeys(change.column for change in columns))
        grown = f"{after.rows - before.rows:+,} rows, {plural(len(found.files), 'file')}"
        of = (
            f", and other values in {', '.join(names[:4])}{' …' * (len(names) > 4)}"
            if names
            else ", columns as before"
            if whole
            else ""
        )
        said.append(f"{name} went from version {before.version} to {after.version}: {grown}{of}")
        rows += [_change(name, change, _ref(after)) for change in columns]
    shown, more = cut(rows)
    head = ("dataset", "column", "what", "before", "now")
    return Answered(key, question, f"{'; '.join(said)}.", "ok", "/data", True, head, shown, more)


def _matters(change: ColumnChange, before: DatasetVersion, after: DatasetVersion) -> bool:
    """More rows have more values: what counts is a share that moved, or a range that did."""
    if change.what == "count":
        return change.one is None or change.other is None  # a column that came, or went
    if change.what == "nulls":
        shares = [float(n or 0) / v.rows if v.rows else 0.0 for n, v in ((change.one, before), (change.other, after))]
        return abs(shares[0] - shares[1]) > SHIFTED
    return True


def _change(dataset: str, change: ColumnChange, ref: str) -> Row:
    return Row((dataset, change.column, label(change.what), text(change.one), text(change.other)), ref)


QUESTIONS = (arrived, held, changed)
