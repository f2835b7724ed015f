"""What this project promises of itself; run with pytest."""

from pathlib import Path

from tidemill.config.decode import load
from tidemill.data.contract.contract import Contract

ROOT = Path(__file__).parent.parent


def test_configuration_reads() -> None:
    config = load(ROOT / "tidemill.toml")
    assert "sales" in config.data


def test_contract_names_whose_data_a_row_is() -> None:
    contract = Contract.load(ROOT / "contracts" / "sales.yaml")
    assert contract.subject == "customer_id"
    assert contract.time == "invoice_date"
