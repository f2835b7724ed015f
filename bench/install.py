"""What an install weighs: megabytes and distributions, all of it and what serving alone needs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def measure(requirements: str) -> tuple[float, int]:
    """(MB, distributions) of a fresh folder with these pins."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-compile",
                "--no-deps",
                "--require-hashes",
                "--target",
                folder,
                "-r",
                str(ROOT / "requirements" / requirements),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink())
        return size / 1e6, len(list(Path(folder).glob("*.dist-info")))


def run() -> list[dict[str, Any]]:
    rows = []
    for name, what, most in (
        ("runtime.txt", "all of Tidemill", (700, 60)),
        ("serving.txt", "serving alone", (200, 25)),
    ):
        size, count = measure(name)
        rows.append(
            {
                "what": f"{what}: size",
                "value": size,
                "unit": "MB",
                "goal": f"<= {most[0]}",
                "peers": "zenml 140, mlflow 824, evidently 890",
            }
        )
        rows.append(
            {
                "what": f"{what}: distributions",
                "value": count,
                "unit": "",
                "goal": f"<= {most[1]}",
                "peers": "zenml 54, mlflow 87, airflow 130",
            }
        )
    return rows
