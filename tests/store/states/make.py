"""``python -m tests.store.states.make``: keeps what this tidemill writes, as it stands on the disk, for every later one to open.

Run it when a migration was added: a state is named by the newest migration of each database, and one that is there is
never written again. `test_states` opens all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.cases.projects import END, VISITS, VISITS_TOML, column, lay, replayed, visits
from tests.serve.real import scorer
from tests.store.sql.conftest import Server, running
from tests.store.states import told
from tidemill.scope.project import open_project
from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.live import LiveStore
from tidemill.store.sql.store import MetadataStore
from tidemill.store.sql.versions import LIVE, TIDEMILL
from tidemill.testing import records as sample

KEPT = Path(__file__).parent / "kept"
NAME = f"tidemill-{TIDEMILL.head}_live-{LIVE.head}"
NOT_KEPT = ("logs", "reserve")
"""Of a state folder what is no state."""


def write(store: MetadataStore, live: LiveStore) -> None:
    """One record of each noun, with every field set."""
    store.runs.add(sample.run())
    store.steps.put(sample.step())
    for name in ("artifact", "edge", "dataset", "file", "model", "verdict", "release", "decision", "job", "event"):
        getattr(store, f"{name}s").add(getattr(sample, name)())
    for name in ("window", "alarm", "token", "baseline", "settlement", "lease", "scorer"):
        getattr(store, f"{name}s").add(getattr(sample, name)())
    for name in ("principal", "password", "attempt", "approval", "vote", "comment", "visit"):
        getattr(store, f"{name}s").add(getattr(sample, name)())
    store.limits.add(sample.limit(begun=3, ended=1_000, over=4))
    store.requests.add(sample.request(ended=2_000, ended_by="principal_2", how="done", reason="subject_exported"))
    store.logins.add(sample.login())
    store.vouched.add(sample.vouched())
    store.settings.set("mode", "live")
    live.append([sample.prediction()], [sample.outcome()], [sample.online()])
    live.entities.put(sample.entity())
    live.batch_parts.add(sample.batch_part())
    live.items.set([sample.item_change(), sample.item_change(at=120, values={"stock": 0})], 130).result(60)
    live.flush()


def records(into: Path) -> None:
    """SQLite's two files as the text that makes them, and what is in them."""
    with tempfile.TemporaryDirectory() as folder:
        store, live = open_metadata(Path(folder) / "tidemill.db"), open_live(Path(folder) / "live.db")
        write(store, live)
        (into / "records.json").write_text(_json(told.nouns(store, live)))
        store.close()
        live.close()
        for name in ("tidemill", "live"):
            (into / f"{name}.sql").write_text(_dump(Path(folder) / f"{name}.db"))


def postgres(into: Path, server: Server) -> None:
    """The same in PostgreSQL's words."""
    store, live = (open(server.url(), schema="tidemill_kept") for open in (open_metadata, open_live))
    write(store, live)  # type: ignore[arg-type]
    store.close()
    live.close()
    line = ["pg_dump", "-n", "tidemill_kept", "--no-owner", "--inserts", server.plain()]
    (into / "postgres.sql").write_text(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def project(into: Path) -> None:
    """A project that has learned, released, answered and heard what really happened: its folder, and its public keys."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        made = lay(Path(folder) / "visits", "visits", VISITS, VISITS_TOML)
        lines = visits()
        made.write("data/visits/a.csv", *lines)
        with replayed(made, END):
            pass
        assert made.json("run")["status"] == "champion"
        made.write("data/visits/b.csv", *column(visits(first=5_000, days=[39]), "site", "B"))
        made.ingest("visits")
        with open_project(made.root) as opened, scorer(opened) as running:
            inputs = {
                "pages": 7,
                "spent": 3.5,
                "member": True,
                "country": "FR",
                "site": "A",
                "ts": "2024-10-10T10:00:00Z",
            }
            for n in range(3):
                status, answer = running.ask(
                    "POST", "/predict/visits", {"key": f"k{n}", "inputs": {**inputs, "pages": 3 * n}}
                )
                assert status == 200, answer
            said = {"key": "o1", "prediction_id": answer["prediction_id"], "value": "yes", "at": "2024-10-11T00:00:00Z"}
            status, answer = running.ask("POST", "/feedback", said)
            assert status == 200, answer
        with open_project(made.root) as opened:
            said = {"records": told.nouns(opened.store, opened.live), "tables": told.tables(opened)}
            (into / "project.json").write_text(_json({**said, "traces": [*told.traces(opened)]}))
        state = made.root / ".tidemill"
        for name in ("tidemill", "live"):
            (into / f"project-{name}.sql").write_text(_dump(state / f"{name}.db"))
        ignored = shutil.ignore_patterns("*.db", "*.db-*", *NOT_KEPT, "*.log", "*.lock", "*.ed25519", "__pycache__")
        shutil.copytree(made.root, into / "project", ignore=ignored)
        shutil.copytree(Path(folder) / "home" / "keys", into / "home" / "keys", ignore=ignored)


def _dump(database: Path) -> str:
    with closing(sqlite3.connect(database)) as plain:
        return _anywhere("\n".join(plain.iterdump()) + "\n")


def _json(said: object) -> str:
    return _anywhere(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=True, default=str) + "\n")


def _anywhere(text: str) -> str:
    """Without the paths of the machine it was made on."""
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        text = text.replace(f"{folder}/", "/srv/")
    machine = os.uname()
    return (
        text.replace(machine.release, "6.1.0")
        .replace(f'"{machine.nodename}', '"host')
        .replace(f"'{machine.nodename}:", "'host:")
    )


def main() -> int:
    into = KEPT / NAME
    if into.exists():
        print(f"{into} is there already: a state that is kept is never written again", file=sys.stderr)
        return 1
    into.mkdir(parents=True)
    records(into)
    with running() as server:
        postgres(into, server)
    project(into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
