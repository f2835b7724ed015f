"""What this project promises of itself; run with pytest."""

from pathlib import Path

from tidemill.config.decode import load
from tidemill.data.contract.contract import Contract

ROOT = Path(__file__).parent.parent


def test_configuration_and_contracts_read() -> None:
    for data in load(ROOT / "tidemill.toml").data.values():
        assert Contract.load(ROOT / data.contract).names
