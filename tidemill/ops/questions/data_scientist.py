"""Is it better, where is it wrong, what to try."""

from __future__ import annotations

from collections.abc import Mapping

from tidemill.evaluation.slices.slices import CANDIDATE, percent, read
from tidemill.learning.measures import measure
from tidemill.monitor.quality import recently
from tidemill.ops.models import leaderboard
from tidemill.ops.questions.answered import Answered, Row, Series, cut, unknown
from tidemill.ops.searched import curve, examined
from tidemill.ops.snapshot import Snapshot
from tidemill.ops.status import snapshots
from tidemill.ops.text import ago, label, minute, number, plural
from tidemill.ref import short_name
from tidemill.scope.project import Project
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import ModelVersion, Verdict

SHOWN = 30  # Windows in the picture


def better(project: Project, health: Mapping[str, str]) -> Answered:
    """Is it better? The newest version beside the champion by its gate's own verdict, and live quality beside the promise."""
    key, question = "better", "Is it better?"
    seen = [at for at in snapshots(project, health) if at.models]
    if not seen:
        return unknown(key, question, "no model was trained: `tidemill run` builds the first", "/models")
    said = [_standing(at) for at in seen]
    models = [model for at in seen for model in at.models]
    board = leaderboard(project, models)
    rows = [
        Row(
            (
                f"{one.model.name}@{one.model.version}",
                ", ".join(one.aliases) or "–",
                one.method,
                f"{number(one.reached[0])} ({number(one.reached[1])} to {number(one.reached[2])})"
                if one.reached
                else "–",
                ago(one.model.created, project.clock.now()),
            ),
            one.model.ref,
        )
        for one in board
    ]
    shown, more = cut(rows)
    state = "warn" if any(bad for _, bad in said) else "ok"
    columns = ("version", "called", "method", "reached", "made")
    return Answered(
        key, question, " ".join(text for text, _ in said), state, "/models", True, columns, shown, more, _live(seen[0])
    )


def _standing(at: Snapshot) -> tuple[str, bool]:
    """In a sentence; and whether it is worse than was promised."""
    newest = at.models[-1]
    quality, bad = recently(at.serving), False
    live = ""
    if quality is not None:
        kind, bad = measure(quality["metric"]), quality["alarm"] is not None
        promised = quality["promised"]
        beside = f", promised {kind.text(promised)} {kind.bound}" if promised is not None else ""
        live = f" Live {kind.name} is {kind.text(quality['value'])}{beside}."
    if at.champion is None:
        return f"Nothing serves yet; the newest is {short_name(newest.ref)}.{live}", bad
    if newest.ref == at.champion.model:
        return f"{short_name(newest.ref)} is the newest and serves.{live}", bad
    verdict = next((v for v in reversed(_verdicts(at, newest)) if v.evidence.get("said")), None)
    why = str(verdict.evidence["said"]) if verdict else "no gate has compared them"
    return (
        f"{short_name(newest.ref)} beside the champion {short_name(at.champion.model)}: {why.rstrip('.')}.{live}",
        bad,
    )


def _verdicts(at: Snapshot, model: ModelVersion) -> list[Verdict]:
    found = at.project.store.verdicts.list(model=model.ref)
    return [v for v in found if v.blessing == "quality"]


def _live(at: Snapshot) -> Series | None:
    """Live quality, window by window."""
    found = [(w, w.data) for w in at.windows("quality") if isinstance(w.data, QualityWindow) and w.n and w.complete]
    points = [
        (day, float(figure[0] if isinstance(figure, list | tuple) else figure))
        for w, data in found[-SHOWN:]
        for day, figure in [(minute(w.start)[:10], data.figures.get(data.metric))]
        if isinstance(figure, int | float | list | tuple)
    ]
    metric = found[-1][1].metric if found else ""
    return Series(f"Live {metric} by window", "window", metric, tuple(points)) if len(points) > 1 else None


def wrong(project: Project, health: Mapping[str, str]) -> Answered:
    """Where is it wrong? The slices of the test where the champion, or the newest version, is worst; and the groups that differ live."""
    key, question = "wrong", "Where is it wrong?"
    found = [
        (model, read(told))
        for at in snapshots(project, health)
        for model in _examined(at)
        if (told := examined(project, model).get("slices"))
    ]
    known = [(model, each) for model, each in found if each is not None]
    alarms = [a for at in snapshots(project, health) for a in at.alarms if a.closed is None]
    if not known and not alarms:
        return unknown(
            key,
            question,
            "no version that is there was examined by slices of its test, and no alarm is open",
            "/models",
        )
    rows, said = [], []
    for model, each in known:
        kind, worst = measure(each.metric), each.searched.worst
        said.append(f"{short_name(model.ref)}: {each.said[0].rstrip('.')}.")
        rows += [
            Row(
                (
                    one.words,
                    model.name,
                    kind.text(one.reached[0]) if one.reached else "–",
                    f"{percent(one.gap[0])} worse",
                    "shown" if one.shown else "may be chance",
                ),
                model.ref,
            )
            for one in ([worst] if worst else []) + [one for one in each.searched.tried if one is not worst]
        ]
        if not each.searched.tried:
            rows += [
                Row(
                    (one.name, model.name, kind.text(at_[0]) if (at_ := one.reached[CANDIDATE]) else "–", "–", "–"),
                    model.ref,
                )
                for one in each.slices
            ]
    for alarm in alarms:
        said.append(f"An alarm of {label(alarm.kind)} is open at {alarm.endpoint}: {', '.join(alarm.what[:2])}.")
        rows.append(
            Row(
                (
                    f"alarm of {alarm.kind}",
                    alarm.endpoint,
                    "–",
                    ", ".join(alarm.what[:2]),
                    {"yes": "affects quality"}.get(alarm.hurts, "impact not known yet"),
                ),
                f"alarm:{alarm.id}",
            )
        )
    shown, more = cut(rows)
    is_bad = bool(alarms) or any(each.searched.worst for _, each in known)
    columns = ("where", "of", "reached", "how much", "sure")
    return Answered(key, question, " ".join(said), "warn" if is_bad else "ok", "/models", True, columns, shown, more)


def _examined(at: Snapshot) -> list[ModelVersion]:
    """What serves; where nothing does, the newest."""
    serves = [m for m in at.models if at.champion is not None and m.ref == at.champion.model]
    return serves or list(at.models[-1:])


def to_try(project: Project, health: Mapping[str, str]) -> Answered:
    """What to try? What the records themselves point at: gates that refused, leaks, what more rows would do, what moved."""
    key, question = "try", "What is there to try?"
    seen = [at for at in snapshots(project, health) if at.models]
    if not seen:
        return unknown(key, question, "no model was trained", "/models")
    rows: list[Row] = []
    for at in seen:
        newest = at.models[-1]
        rows += [
            Row((f"gate {label(v.gate)} of {short_name(v.model)}", str(v.evidence.get("said", v.verdict))), newest.ref)
            for v in project.store.verdicts.list(model=newest.ref)
            if not v.passed
        ]
        rows += [Row((f"column {one.about}", one.hint or one.said), newest.ref) for one in newest.findings.held]
        if (learned := curve(project, newest)) is not None:
            rows.append(Row(("more rows", learned.said), newest.ref))
        rows += [
            Row((f"what moved at {alarm.endpoint}", ", ".join(alarm.what[:3])), f"alarm:{alarm.id}")
            for alarm in at.alarms
            if alarm.closed is None
        ]
    last = project.store.decisions.list(limit=1)
    if last:
        rows.append(Row(("what the loop does", last[-1].reason), f"decision:{last[-1].id}"))
    if not rows:
        return Answered(
            key,
            question,
            "Nothing stands out: no gate refused the newest version, no column is in doubt and no alarm is open.",
            "ok",
            "/models",
        )
    shown, more = cut(rows)
    first = f"{rows[0].cells[0].capitalize()}: {rows[0].cells[1].rstrip('.')}."
    rest = f" Beside it {plural(len(rows) - 1, 'thing')} more." if len(rows) > 1 else ""
    return Answered(key, question, first + rest, "ok", "/decisions", True, ("what", "why"), shown, more)


QUESTIONS = (better, wrong, to_try)
