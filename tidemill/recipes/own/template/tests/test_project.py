"""What this project promises of itself; run with pytest."""

from pathlib import Path

from tidemill.config.decode import load
from tidemill.data.contract.contract import Contract

ROOT = Path(__file__).parent.parent


def test_configuration_and_contract_read() -> None:
    (data,) = load(ROOT / "tidemill.toml").data.values()
    contract = Contract.load(ROOT / data.contract)
    assert contract.target or contract.item
