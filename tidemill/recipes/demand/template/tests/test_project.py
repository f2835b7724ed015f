"""What this project promises of itself; run with pytest."""

from pathlib import Path

from tidemill.config.decode import load
from tidemill.data.contract.contract import Contract

ROOT = Path(__file__).parent.parent


def test_the_contract_names_what_is_foretold() -> None:
    contract = Contract.load(ROOT / load(ROOT / "tidemill.toml").data["hours"].contract)
    assert (contract.time, contract.target) == ("ts", "count")
