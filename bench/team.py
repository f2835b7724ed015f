"""One prediction with everything on, its records on a PostgreSQL server of this machine, beside the embedded store."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from bench import shop
from bench.serving import asked, serving
from bench.timing import row
from tests.store.sql.conftest import Server, running

WHAT, BODY = "LightGBM 200 x 31, 30 features", {"inputs": shop.ROW}
ACKS = ("async", "group")


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, running() as server:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        at = f"postgresql://tidemill@127.0.0.1:{server.port}/postgres"
        found = {"": one(Path(folder) / "alone", "", server)}
        found["PostgreSQL"] = one(Path(folder) / "team", f'[stores]\nmetadata = "{at}"\n', server)
    rows = []
    for ack in ACKS:
        (cpu, p50, _), (theirs, waited, database) = found[""][ack], found["PostgreSQL"][ack]
        what = f"{WHAT}, ack={ack}, PostgreSQL"
        rows += [
            row(f"{what}: the scorer", theirs, "CPU us", cpu, "embedded"),
            row(f"{what}: the database", database, "CPU us"),
            row(f"{what}: p50 of one at a time", waited, "ms", p50, "embedded"),
        ]
    return rows


def one(root: Path, more: str, server: Server) -> dict[str, tuple[float, float, float]]:
    """By ack: (CPU µs a request of the scorer, p50 ms of one at a time, CPU µs a request of the database)."""
    found = {}
    with shop.project(root, "regress", more) as project:
        shop.release(project, shop.trees(project.clock.now()))
        with serving(project) as (scorer, headers):
            path = f"/predict/{project.endpoint().name}"
            for ack in ACKS:
                answers, before = count(server), used(server)
                cpu, p50 = asked(scorer, path, BODY, {**headers, "ack": ack})
                answers = count(server) - answers
                found[ack] = cpu, p50, (used(server) - before) / max(answers, 1) / 1e3
    return found


def count(server: Server) -> int:
    """How many answers the database has written down."""
    with psycopg.connect(server.url()) as plain:
        there = plain.execute("SELECT to_regclass('tidemill_shop.predictions')").fetchone()
        if there is None or there[0] is None:
            return 0
        found = plain.execute("SELECT count(*) FROM tidemill_shop.predictions").fetchone()
    return int(found[0]) if found else 0


def used(server: Server) -> int:
    """Nanoseconds of CPU that the database's processes which are alive have used."""
    head = (server.folder / "data/postmaster.pid").read_text().split()[0]
    whose = Path(f"/proc/{head}/task/{head}/children").read_text().split()
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in [head, *whose])
