"""What this project promises of itself; run with pytest."""

from pathlib import Path

from noria.config import load
from noria.data.contract import Contract

ROOT = Path(__file__).parent.parent


def test_the_contract_names_what_is_foretold() -> None:
    contract = Contract.load(ROOT / load(ROOT / "noria.toml").dataset.contract)
    assert (contract.time, contract.target) == ("ts", "count")
