"""What watches an endpoint: a table with one entry a monitor, open to other packages by the entry points of ``tidemill.monitors``.

A monitor closes windows, each of which may be an alarm, and says in an alarm's story what people (and the retrain
policy, by its ``kind``) need to know. Adding one is one entry here, or one in a package's own metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from tidemill.config.amounts import percent
from tidemill.config.strict import brought
from tidemill.monitor.closing import close_quality, matured
from tidemill.monitor.platform import PLATFORM, close_platform
from tidemill.monitor.quality import QUALITY, hurts, of_quality
from tidemill.monitor.windows import ATTRIBUTION, DRIFT, ESTIMATE, EXPOSURE, FAIRNESS, PARITY, REQUESTS, of_drift
from tidemill.monitor.worse import Worse, sentence, worse_since
from tidemill.store.payloads import ColumnDrift, FairnessWindow
from tidemill.store.records import Window
from tidemill.tasks.table import outcome_scorer_of, task_of
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

DECAY = "decay"
RULED = "its answers go by the endpoint's rules, which the promise was made without"
"""What an alarm of quality says beside: rules that take away what people would have bought look like decay."""


@dataclass(frozen=True, slots=True)
class Story:
    """What an alarm says: what is wrong, since when, and whether it hurts (``answer``: yes | perhaps | no | not known yet)."""

    what: tuple[str, ...]
    since: Micros
    hurts: JsonObject
    evidence: JsonObject
    worse: Worse | None = None  # of an alarm of quality


Close = Callable[["Endpoint", Micros], Sequence[Window]]
Tell = Callable[["Endpoint", Window, Sequence[Window]], Story]


@dataclass(frozen=True, slots=True)
class Monitor:
    """``close(endpoint, now)`` closes what is due, and the same windows again when asked again. ``tell`` is given the
    windows before that had something to look at. One with libraries that the loop's process does not load is ``heavy``.
    An alarm ends with its episode, and is told again while that goes on for weeks; one that ``stays`` does neither: a
    person closes it, or another version does.
    """

    name: str
    kind: str  # what a policy calls its alarms
    close: Close
    tell: Tell
    heavy: bool = False
    once: bool = False  # for each champion; else at every window's end
    applies: Callable[[Endpoint], bool] = lambda scope: True
    rows: bool = False  # its windows are of the dataset's rows: later ones may have them judged again
    stays: bool = False
    is_due: Callable[[Endpoint, Micros], bool] | None = (
        None  # of a heavy one whose windows wait for more than their end
    )


@cache
def monitors() -> dict[str, Monitor]:
    """All of them by name: Tidemill's own, then those that packages bring. They are closed in this order. Raises ConfigError.

    A process asks what is installed once: to look took two milliseconds each time.
    """
    supplied = brought("tidemill.monitors", [monitor.name for monitor in OWN])
    return {monitor.name: monitor for monitor in (*OWN, *(point.load() for point in supplied.values()))}


def since_when(window: Window, past: Sequence[Window], wrong: Callable[[Window], bool]) -> Micros:
    """The start of the first of the windows in a row, up to this one, in which it was wrong already."""
    return next((w.start for w in reversed(list(takewhile(wrong, reversed(past))))), window.start)


def _tell_drift(scope: Endpoint, window: Window, past: Sequence[Window]) -> Story:
    data, known = of_drift(window), of_drift(window).calibration
    quiet = ColumnDrift(1.0)
    since = since_when(
        window, past, lambda w: any(of_drift(w).columns.get(name, quiet).p < 0.05 for name in data.which)
    )
    rates = {name: getattr(known, name) for name in ("promised", "expected", "realised", "method")}
    evidence: JsonObject = {"columns": list(data.which), "score": data.score, "threshold": known.threshold}
    evidence |= {"false_alarms": rates, "rows": window.n, "subjects": data.subjects}
    what = tuple(data.columns[name].words for name in data.which)
    return Story(what, since, hurts(scope, data.model, since), evidence)


def _tell_decay(scope: Endpoint, window: Window, past: Sequence[Window]) -> Story:
    data, found, measure = of_quality(window), worse_since(scope, window), outcome_scorer_of(scope.model).measure
    assert data.decay is not None
    since = data.decay.since
    said = sentence(found, measure, str(data.model), since, scope.monitor.drift.false_alarms)
    evidence: JsonObject = {"columns": [], "score": data.decay.score, "threshold": 1.0}
    what = (said, RULED) if scope.list_rules else (said,)
    return Story(what, since, {**hurts(scope, str(data.model), since), "answer": "yes"}, evidence, found)


def _tell_episode(scope: Endpoint, window: Window, past: Sequence[Window]) -> Story:
    """What is wrong, the window says."""
    since = since_when(window, past, lambda w: w.alarm)
    return Story(tuple(getattr(window.data, "which", ())), since, {"answer": "not known yet"}, {"columns": []})


def _close_drift(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.reference import close_drift

    return close_drift(scope, now)


def _close_requests(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.asked import close_requests

    return close_requests(scope, now)


def _close_attribution(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.attribution import close_attribution

    return close_attribution(scope, now)


def _close_estimate(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.estimate import close_estimate

    return close_estimate(scope, now)


def _close_fairness(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.fairness import close_fairness

    return close_fairness(scope, now)


def _close_exposure(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.exposure import close_exposure

    return close_exposure(scope, now)


def _exposure_is_due(scope: Endpoint, now: Micros) -> bool:
    return bool(matured(scope, EXPOSURE, now))


def _fairness_is_due(scope: Endpoint, now: Micros) -> bool:
    return bool(matured(scope, FAIRNESS, now))


def _tell_fairness(scope: Endpoint, window: Window, past: Sequence[Window]) -> Story:
    """Which gaps opened, since when; whoever is treated otherwise is hurt by it."""
    data = window.data
    assert isinstance(data, FairnessWindow)
    open_ = [data.gaps[name] for name in data.which]
    told: JsonObject = {"columns": [], "score": max(one.score for one in open_), "threshold": 1.0}
    told |= {"max_gap": data.max_gap, "groups": dict(data.groups), "answers": window.n}
    rate = scope.monitor.drift.false_alarms
    promised = f"beyond {percent(data.max_gap)}; at most {rate.at_most:g} false alarms a {rate.every}"
    what = tuple(f"{name}, {promised}" for name in data.which)
    hurt: JsonObject = {"answer": "yes", "words": "they are apart by more than is allowed"}
    return Story(what, min(one.since for one in open_), hurt, told)


def _is_table(scope: Endpoint) -> bool:
    return not task_of(scope.model.task).history


def _is_counted(scope: Endpoint) -> bool:
    """Whether what is asked of its model are columns of the dataset, or subjects with a history; of an entity at a moment all that
    is asked is made of its rows."""
    task, rows = task_of(scope.model.task), scope.model.section.rows
    return task.history or (task.asked is not None and not (rows and rows.entity))


def _close_parity(scope: Endpoint, now: Micros) -> Sequence[Window]:
    from tidemill.monitor.skew import check_skew

    return check_skew(scope, now)


OWN = (
    Monitor(QUALITY, DECAY, close_quality, _tell_decay, stays=True),
    Monitor(PLATFORM, PLATFORM, close_platform, _tell_episode),
    Monitor(DRIFT, DRIFT, _close_drift, _tell_drift, heavy=True, rows=True),
    Monitor(REQUESTS, REQUESTS, _close_requests, _tell_drift, heavy=True, applies=_is_counted),
    Monitor(ATTRIBUTION, ATTRIBUTION, _close_attribution, _tell_drift, heavy=True, applies=_is_table),
    Monitor(ESTIMATE, ESTIMATE, _close_estimate, _tell_episode, heavy=True, applies=_is_table),
    Monitor(
        FAIRNESS,
        FAIRNESS,
        _close_fairness,
        _tell_fairness,
        heavy=True,
        applies=lambda scope: bool(scope.fairness.attributes),
        stays=True,
        is_due=_fairness_is_due,
    ),
    Monitor(
        EXPOSURE,
        EXPOSURE,
        _close_exposure,
        _tell_fairness,
        heavy=True,
        applies=lambda scope: bool(scope.fairness.suppliers),
        stays=True,
        is_due=_exposure_is_due,
    ),
    Monitor(PARITY, PARITY, _close_parity, _tell_episode, heavy=True, once=True),
)
