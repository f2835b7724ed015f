"""Small worlds with a known truth: a shop whose customers leave, and payments some of which are charged back weeks later."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from tests.cases.projects import Folder

START = datetime(2024, 1, 1)
BEGAN = "2024-01-01"
REST = """\
search = { trials = 4 }
split = { by = "time", test = "28 days" }
[gates]
latency = { p99 = "5 s" }
[environment.production]
rollout = [{ share = "100 %" }]
[retrain]
on = []
"""
CHURN = """\
[project]
name = "shop"
[data.sales]
source = "data/sales/*.csv"
contract = "contracts/sales.yaml"
[features.lately]
from = "sales"
entity = "customer_id"
month = { op = "count", window = "28 days" }
quarter = { op = "count", window = "84 days" }
spent = { op = "sum", column = "amount", window = "28 days" }
[model.churn]
task = "classify"
rows = { from = "sales", entity = "customer_id", every = "7 days", active = "56 days" }
label = { from = "sales", op = "none", within = "28 days" }
"""
FRAUD = """\
[project]
name = "payments"
[data.payments]
source = "data/payments/*.csv"
contract = "contracts/payments.yaml"
[data.chargebacks]
source = "data/chargebacks/*.csv"
contract = "contracts/chargebacks.yaml"
complete_after = "1 day"
[model.fraud]
task = "classify"
rows = { from = "payments" }
label = { from = "chargebacks", on = "transaction_id", within = "30 days", else = 0 }
"""
HEAD = """\
apiVersion: v3.0.2
kind: DataContract
id: {name}
version: 1.0.0
schema:
  - name: {name}
    customProperties: [{{ property: tidemill.key, value: [{key}] }}]
    properties:
"""
COLUMNS = {
    "sales": {"sale": "string", "at": "timestamp time", "customer_id": "string subject", "amount": "number"},
    "payments": {"transaction_id": "string", "at": "timestamp time", "amount": "number", "country": "string"},
    "chargebacks": {"chargeback": "string", "at": "timestamp time", "transaction_id": "string", "reason": "string"},
}


def contract(name: str) -> str:
    lines = [HEAD.format(name=name, key=next(iter(COLUMNS[name])))]
    for column, said in COLUMNS[name].items():
        kind, _, role = said.partition(" ")
        extra = f", customProperties: [{{ property: tidemill.role, value: {role} }}]" if role else ""
        required = ", required: true" if column in ("at", "transaction_id", "customer_id") else ""
        lines.append(f"      - {{ name: {column}, logicalType: {kind}{required}{extra} }}\n")
    return "".join(lines)


def lay(root: Path, toml: str, rest: str = REST) -> Folder:
    """A project without data."""
    folder = Folder(root)
    for name in COLUMNS:
        if f"[data.{name}]" in toml:
            folder.write(f"contracts/{name}.yaml", contract(name).rstrip("\n"))
    folder.write("tidemill.toml", (toml + rest).rstrip("\n"))
    return folder


def write(folder: Folder, name: str, part: str, rows: list[tuple[object, ...]]) -> None:
    folder.write(f"data/{name}/{part}.csv", ",".join(COLUMNS[name]), *(",".join(map(str, row)) for row in rows))


def shop(days: int, customers: int = 120, seed: int = 0) -> list[tuple[object, ...]]:
    """Sales in order: keen customers buy every other day and stay, the others weekly, and most leave soon; new ones come."""
    dice, rows = random.Random(seed), list[tuple[object, ...]]()
    for n in range(customers):
        keen, day = n % 2 == 0, dice.uniform(0, 0.8 * days) if n % 4 else 0.0
        while day < days:
            rows.append((day, f"c{n:03}", round(dice.uniform(5, 50), 2)))
            if dice.random() < (0.002 if keen else 0.15):
                break
            day += dice.expovariate(0.5 if keen else 0.12)
    rows.sort()
    return [(f"s{n}", START + timedelta(days=day), customer, amount) for n, (day, customer, amount) in enumerate(rows)]


def payments(days: int, a_day: int = 30, seed: int = 0) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Payments, and their chargebacks 2 to 25 days later: of those from XX that are neither small nor great nearly all."""
    dice = random.Random(seed)
    paid, back = list[tuple[object, ...]](), list[tuple[object, ...]]()
    for n in range(days * a_day):
        at = START + timedelta(days=n // a_day, minutes=n % a_day * 40)
        amount, country = round(dice.uniform(1, 1_000), 2), dice.choice(["XX", "DE", "FR"])
        paid.append((f"t{n}", at, amount, country))
        if dice.random() < (0.95 if country == "XX" and 400 < amount < 800 else 0.01):
            back.append((f"b{n}", at + timedelta(days=dice.uniform(2, 25)), f"t{n}", "fraud"))
    return paid, sorted(back, key=lambda row: str(row[1]))


def until(rows: list[tuple[object, ...]], day: int, since: int = 0) -> list[tuple[object, ...]]:
    """Those of these days."""
    low, high = (START + timedelta(days=n) for n in (since, day))
    return [row for row in rows if low <= row[1] < high]  # type: ignore[operator]
