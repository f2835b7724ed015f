"""Foreign bytes: files that would be gigabytes, or nest without end, are refused with a reason; nothing crashes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cases.projects import Folder, sales

BOMB = (
    "import sys, polars as pl; pl.select(invoice=pl.repeat(7, 60_000_000, dtype=pl.Int64)).write_parquet(sys.argv[1])"
)
MEASURED = """
import resource, sys
from tidemill.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.mark.nightly
@pytest.mark.parametrize("words", [("data", "check"), ("data", "infer", "data/sales/bomb.parquet")])
def test_a_parquet_bomb_is_a_refused_file(shop: Folder, words: tuple[str, ...]) -> None:
    """A few bytes that would be gigabytes are refused with a reason, and never held in memory."""
    path = shop.root / "data/sales/bomb.parquet"
    subprocess.run([sys.executable, "-c", BOMB, str(path)], check=True, timeout=200)
    assert path.stat().st_size < 1_000_000
    line = [sys.executable, "-c", MEASURED, *words]
    done = subprocess.run(line, cwd=shop.root, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 3 and "bomb.parquet" in done.stdout + done.stderr
    assert int(done.stdout.split()[-1]) < 600_000  # kilobytes; what it would unfold to is gigabytes


NESTED = """
import sys, polars as pl
value = 1
for _ in range(int(sys.argv[2])):
    value = [value]
pl.DataFrame({"invoice": [value]}).write_parquet(sys.argv[1])
"""


def nested(shop: Folder, depth: int) -> subprocess.CompletedProcess[str]:
    """What `tidemill data check` says of a column nested so deep, as the only file."""
    path = shop.root / "data/sales/deep.parquet"
    subprocess.run([sys.executable, "-c", NESTED, str(path), str(depth)], check=True, timeout=100)
    return shop.apart("data", "check")


def test_a_nested_file_is_refused_with_a_reason(shop: Folder) -> None:
    """A column nested a hundred deep is a refused file: no crash, no traceback."""
    done = nested(shop, 100)
    assert done.returncode == 3 and "deep.parquet" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.nightly
def test_a_deeply_nested_file_is_refused_with_a_reason(shop: Folder) -> None:
    """And so is one nested five hundred deep."""
    done = nested(shop, 500)
    assert done.returncode == 3 and "deep.parquet" in done.stdout + done.stderr


def test_a_contract_that_unfolds_without_end_is_refused(shop: Folder) -> None:
    """Thirty lines of YAML that name each other twice are refused, and not walked a thousand million times."""
    levels = [f"  - &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 31)]
    text = (shop.root / "contracts/sales.yaml").read_text()
    shop.write("contracts/sales.yaml", *text.splitlines(), "description:", "  - &l0 [a]", *levels)
    shop.write("data/sales/a.csv", *sales(5))
    line = "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (20, 20)); resource.setrlimit(resource.RLIMIT_AS, (8 << 30,) * 2)\n"
    line += "from tidemill.cli.main import main; main(['data', 'check'])"
    done = subprocess.run(
        [sys.executable, "-c", line], cwd=shop.root, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode in (0, 3) and "Traceback" not in done.stderr
