"""PyTorch as a process of its own, as docs/foreign.md shows it. Run once where torch is installed: ``TIDEMILL_TORCH`` names its Python."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.tasks.tabular import test_process
from tidemill.tasks.table import load

PAGE = (Path(__file__).parents[3] / "docs" / "foreign.md").read_text()
PYTHON = os.environ.get("TIDEMILL_TORCH") or (sys.executable if importlib.util.find_spec("torch") else "")
pytestmark = [pytest.mark.nightly, pytest.mark.skipif(not PYTHON, reason="torch is not installed")]


def server(folder: Path) -> Path:
    """The page's server, with its functions for torch in their place."""
    plain = next(
        block for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S) if "ThreadingHTTPServer" in block
    )
    (torch,) = re.findall(r"^```py\n(.*?)^```", PAGE, re.M | re.S)
    head, _, tail = plain.partition("def fit(asked):")
    path = folder / "net.py"
    path.write_text(head + torch + "\n\nclass Handler" + tail.partition("class Handler")[2])
    return path


def test_a_network_is_fitted_loaded_and_answers_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_process, "PLAIN", server(tmp_path))
    trainer = test_process.trainer_of("regress", python=PYTHON, memory=8_000_000_000)
    end = int(trainer.at[800])
    bundle = test_process.fit(trainer)
    assert bundle == test_process.fit(trainer), "deterministic"
    report = trainer.report(bundle, end, int(trainer.at[-1]) + 1)
    constant = trainer.report(trainer.fit(trainer.baseline("constant"), end), end, int(trainer.at[-1]) + 1)
    assert report.of("mae").values.mean() < 0.8 * constant.of("mae").values.mean()
    scorer = load(bundle)
    told = scorer.many(trainer.table.encoded(scorer.inputs, np.arange(800, 900)))
    alone = [scorer.outputs(row)[0] for row in trainer.table.encoded(scorer.inputs, np.arange(800, 810))]
    np.testing.assert_allclose(told[:10, 0], alone, rtol=1e-5)
