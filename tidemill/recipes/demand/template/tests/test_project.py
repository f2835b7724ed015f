"""What this project promises of itself; run with pytest."""

from pathlib import Path

from tidemill.config.decode import load
from tidemill.data.contract.contract import Contract

ROOT = Path(__file__).parent.parent


def test_what_is_forecast_is_a_column_of_the_sales() -> None:
    config = load(ROOT / "tidemill.toml")
    label, contract = config.model["{name}"].label, Contract.load(ROOT / config.data["sales"].contract)
    assert label is not None and label.column in contract.names and contract.time == "sold_at"
