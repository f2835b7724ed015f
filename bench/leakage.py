"""Planted leaks of each kind that are held, clean tables that are not, and what a look costs beside one fit of the trees."""

from __future__ import annotations

import sys
import time
from typing import Any

from bench.leaky import LEAKS, clean, held, planted, roomy
from bench.timing import row


def run() -> list[dict[str, Any]]:
    """The tables of installed packages and those that are made, each clean and with each leak."""
    tables = clean()
    began = time.process_time()
    wrong = [case.name for case in tables if case.found().held]
    took = time.process_time() - began
    found = [row("clean tables held", len(wrong), "tables", floor=len(tables), floor_is="tables")]
    found.append(row("a look at a clean table", took / len(tables) * 1000, "CPU ms"))
    for leak in LEAKS:
        caught = [held(leak, planted(leak, case).found()) for case in roomy()]
        found.append(row(f"planted: {leak}", sum(caught), "held", floor=len(caught), floor_is="tables"))
    return found


def main() -> None:
    """Every table by name, with what was found."""
    seed = int(sys.argv[1]) if sys.argv[1:] else 0
    tables = clean(seed)
    for case in tables:
        began = time.process_time()
        found = case.found()
        print(
            f"{'HELD' if found.held else 'clean':<6} {case.name:<28} {case.frame.shape} {time.process_time() - began:.2f} s"
        )
        for one in found.found:
            print(f"         {'held' if one.held else 'told'} {one.kind} {one.said}")
    for leak in LEAKS:
        missed, tables = [], roomy(seed)
        for case in tables:
            found = planted(leak, case).found()
            if not held(leak, found):
                missed.append(f"{case.name} {[one.said for one in found.held]}")
        print(f"{leak:<8} {len(tables) - len(missed)} of {len(tables)}")
        for name in missed:
            print(f"         missed {name}")


if __name__ == "__main__":
    main()
