"""Test files compiled once before the workers of a run start, who would each do it, for the same files at the same time: `python -m tests.ahead`.

Pytest looks into its asserts when it compiles, which takes three times as long as all else that collecting does.
"""

from __future__ import annotations

import compileall
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

from _pytest.assertion import rewrite  # it has no public way to its cache

ROOT = Path(__file__).parents[1]
SHARE = 16
"""Files that a process takes at a time."""


def ahead(path: Path) -> bool:
    """This file compiled where pytest looks for it; whether it had to be. One that cannot be is left for pytest to tell of."""
    pyc = rewrite.get_cache_dir(path) / f"{path.stem}{rewrite.PYC_TAIL}"
    if rewrite._read_pyc(path, pyc) is not None:
        return False
    try:
        source, code = rewrite._rewrite_test(path, None)  # type: ignore[arg-type]
    except SyntaxError:
        return False
    pyc.parent.mkdir(exist_ok=True)
    return rewrite._write_pyc(SimpleNamespace(trace=print), code, source, pyc)  # type: ignore[arg-type]


def main() -> None:
    found = sorted([*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("tests/**/conftest.py")])
    with ProcessPoolExecutor() as processes:
        others = processes.map(compileall.compile_dir, [ROOT / "tidemill"], [10], [None], [False], [None], [1])
        made = sum(processes.map(ahead, found, chunksize=SHARE))
        list(others)
    print(f"{made} of {len(found)} test files compiled", file=sys.stderr)


if __name__ == "__main__":
    main()
