"""Small projects as strangers bring them, and hands to use them as a user does: the command line, `tidemill.open`, HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

import tidemill
from tidemill.cli.main import main
from tidemill.data.pipeline import ingest
from tidemill.errors import TidemillError
from tidemill.scope.project import Project, open_project
from tidemill.types import Micros, parse_time

SALES = """\
apiVersion: v3.0.2
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    customProperties:
      - { property: tidemill.key, value: [invoice, stock_code] }
      - { property: tidemill.max_bad_share, value: 0.2 }
    properties:
      - { name: invoice, logicalType: string, required: true }
      - { name: stock_code, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: quantity, logicalType: integer, required: true, customProperties: [{ property: tidemill.role, value: value }] }
      - { name: invoice_date, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: price, logicalType: number, logicalTypeOptions: { minimum: 0 } }
      - { name: customer_id, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: country, logicalType: string }
"""
SALES_TOML = """\
[project]
name = "shop"
[data.sales]
source = "data/sales/*.{csv,parquet}"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
search = { trials = 1 }
"""
HEADER = "invoice,stock_code,quantity,invoice_date,price,customer_id,country"

VISITS = """\
apiVersion: v3.0.2
kind: DataContract
id: visits
version: 1.0.0
schema:
  - name: visits
    customProperties: [{ property: tidemill.key, value: [visit] }]
    properties:
      - { name: visit, logicalType: string, required: true }
      - { name: ts, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: came_back, logicalType: boolean, customProperties: [{ property: tidemill.role, value: target }] }
      - { name: pages, logicalType: integer, logicalTypeOptions: { minimum: 0 } }
      - { name: spent, logicalType: number }
      - { name: member, logicalType: boolean }
      - { name: country, logicalType: string }
      - { name: site, logicalType: string }
"""
VISITS_TOML = """\
[project]
name = "visits"
[data.visits]
source = "data/visits/*.{csv,parquet}"
contract = "contracts/visits.yaml"
[features.calendar]
from = "visits"
hour = { op = "hour" }
[model]
task = "classify"
metric = "log_loss"
search = { trials = 1 }
split = { by = "time", test = "10 days" }
[gates]
baseline = { superior_to = "prior" }
latency = { p99 = "1 s" }
[environment.production]
rollout = [{ share = "100 %" }]
[retrain]
on = []
"""
VISITS_HEADER = "visit,ts,came_back,pages,spent,member,country,site"
START = datetime(2024, 9, 1)
DAYS, A_DAY = 40, 25
END = parse_time("2024-10-11")


@dataclass(frozen=True)
class Folder:
    """A project's folder, used as its user does."""

    root: Path

    def tidemill(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What this command exits with, and says."""
        code, out, err = 0, io.StringIO(), io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(list(words))
            except SystemExit as exc:
                code = int(exc.code or 0)
        return subprocess.CompletedProcess(["tidemill", *words], code, out.getvalue(), err.getvalue())

    def apart(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own."""
        line = [
            sys.executable,
            "-P",
            "-m",
            "tidemill",
            *words,
        ]  # as the installed script: the folder is not on its path
        return subprocess.run(line, cwd=self.root, capture_output=True, text=True, timeout=120, check=False)

    def json(self, *words: str) -> Any:
        """What the command says as JSON, whether or not all is right."""
        done = self.tidemill(*words, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def write(self, name: str, *lines: str) -> Path:
        """A file of these lines."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def change(self, name: str, old: str, new: str) -> None:
        """Another text in one of the project's files."""
        path = self.root / name
        text = path.read_text()
        assert old in text, (name, old)
        path.write_text(text.replace(old, new))

    def ingest(self, dataset: str = "sales") -> None:
        """Take in what the source has. Raises what `tidemill run` would say."""
        with open_project(self.root) as project:
            ingest(project, dataset)

    def rows(self, dataset: str = "sales") -> pl.DataFrame:
        """The rows of the dataset's newest version."""
        with tidemill.open(self.root) as project:
            return project.dataset(dataset).frame().collect()

    def reasons(self, dataset: str = "sales") -> dict[str, int]:
        """What is in quarantine, and why."""
        return {row["reason"]: row["rows"] for row in self.json("data", "show", dataset)["quarantine"]}

    def problem(self, dataset: str = "sales") -> str:
        """What an ingest is refused with; nothing when it is not."""
        try:
            self.ingest(dataset)
        except TidemillError as exc:
            return str(exc)
        return ""


@contextlib.contextmanager
def replayed(folder: Folder, clock: Micros) -> Iterator[Project]:
    """The project as its own story goes on: its clock stands here until a test moves it."""
    with open_project(folder.root) as project:
        project.store.settings.set("mode", "replay")
        project.store.settings.set("clock", clock)
    with open_project(folder.root) as project:
        yield project


def lay(root: Path, name: str, contract: str, toml: str) -> Folder:
    """A project of one dataset, without data."""
    made = Folder(root)
    (root / "data" / name).mkdir(parents=True)
    made.write(f"contracts/{name}.yaml", contract.rstrip("\n"))
    made.write("tidemill.toml", toml.rstrip("\n"))
    return made


def sale(number: int, **given: Any) -> str:
    """One good line of sales, but for what is given."""
    row = {
        "invoice": 5000 + number,
        "stock_code": "AB"[number % 2],
        "quantity": 1,
        "invoice_date": f"2024-11-01 09:{number:02}:00",
        "price": 1.5,
        "customer_id": 17000 + number % 7,
        "country": "UK",
    }
    return ",".join(str(value) for value in ({**row, **given}).values())


def sales(n: int = 20, **given: Any) -> list[str]:
    """A header and so many good lines."""
    return [HEADER, *(sale(number, **given) for number in range(n))]


def sales_frame(n: int = 20) -> pl.DataFrame:
    """The same rows, typed."""
    frame = pl.read_csv(io.StringIO("\n".join(sales(n))))
    text = [pl.col(name).cast(pl.String) for name in ("invoice", "customer_id")]
    return frame.with_columns(*text, pl.col("invoice_date").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"))


def visits(first: int = 0, days: Iterable[int] = range(DAYS), a_day: int = A_DAY) -> list[str]:
    """A header and visits: who looks at many pages comes back."""
    dice, lines, number = random.Random(first), [VISITS_HEADER], first
    for day in days:
        for _ in range(a_day):
            at, pages = START + timedelta(days=day, seconds=dice.randrange(86_400)), dice.randrange(1, 12)
            member, country = dice.random() < 0.5, dice.choice(["FR", "DE", "GB"])
            back = dice.random() < (0.97 if pages > 5 else 0.03)
            spent = f"{dice.random() * 50:.2f}"
            told = [f"v{number}", f"{at:%Y-%m-%d %H:%M:%S}", "yes" if back else "no", str(pages), spent]
            lines.append(",".join([*told, str(member).lower(), country, "A"]))
            number += 1
    return lines


def column(lines: Sequence[str], name: str, value: Any) -> list[str]:
    """These lines with another value (or a function of the old one) in one column."""
    place = lines[0].split(",").index(name)
    found = [lines[0]]
    for line in lines[1:]:
        fields = line.split(",")
        fields[place] = str(value(fields[place]) if callable(value) else value)
        found.append(",".join(fields))
    return found
