"""Heads, and where they are told: what is cut or restored from before is found there, and one that takes nothing is never silent."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.raised import raised
from tests.release.made import TOML
from tests.serve.test_callbacks import Receiver, receiver
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.errors import BadRequest, ConfigError, Forbidden, NotAttested
from tidemill.ledger import anchors, heads, keep
from tidemill.ledger.merkle import consistent, included
from tidemill.ops import doctor, ledger
from tidemill.ops.act import record
from tidemill.scope.project import Project, open_project
from tidemill.serve.callbacks import key_of, signature

ADA, EVE = Caller("ada", SCOPES, "cli"), Caller("eve", ("read",), "api")


def laid(root: Path, *told: str, more: str = "") -> Path:
    root.mkdir(exist_ok=True)
    named = ", ".join(json.dumps(one) for one in told)
    (root / "tidemill.toml").write_text(f"{TOML}\n[ledger]\nanchors = [{named}]\n{more}")
    return root


def grown(project: Project, n: int) -> None:
    for one in range(n):
        project.store.transact(lambda tx, one=one: record(project, "tried", {"n": one}, tx), "ada")  # type: ignore[misc]


def breaks(project: Project) -> set[tuple[int, str]]:
    return {(one.record, one.what) for one in ledger.verify(project).breaks}


def test_a_head_grows_from_the_one_before(tmp_path: Path) -> None:
    with open_project(laid(tmp_path / "shop")) as project:
        with raised(BadRequest, "ledger"):
            heads.make(project)
        grown(project, 5)
        first = heads.make(project)
        assert heads.make(project) == first and first.size == 6
        grown(project, 4)
        project.store.settings.set(heads.EDGE, {"size": 6, "edge": ["00"]})  # a wrong one is not gone on with
        second = heads.make(project)
        grown(project, 1)
        third = ledger.sign(project, ADA)
        assert (second.size, third.size) == (10, 11) and ledger.verify(project).heads == 3
        proof = ledger.prove(project, "4", since=6)
        assert included(
            3, 11, bytes.fromhex(proof.record.hash), list(map(bytes.fromhex, proof.path)), bytes.fromhex(third.root)
        )
        shown = (bytes.fromhex(first.root), 11, bytes.fromhex(third.root), list(map(bytes.fromhex, proof.consistency)))
        assert proof.since_root == first.root and consistent(6, *shown)


def test_a_head_that_another_key_has_signed_is_none(tmp_path: Path) -> None:
    with open_project(laid(tmp_path / "shop")) as project, open_project(laid(tmp_path / "other")) as other:
        for one in (project, other):
            grown(one, 2)
            heads.make(one)
        (mine,), (theirs,) = project.store.ledger_heads.list(), other.store.ledger_heads.list()
        key = heads.public_key(other)
        assert key is not None
        with pytest.raises(NotAttested):
            heads.opened(mine.envelope, key)
    with closing(sqlite3.connect(tmp_path / "shop/.tidemill/tidemill.db")) as plain, plain:
        plain.execute("UPDATE ledger_heads SET envelope = ?", [theirs.envelope])
    with open_project(tmp_path / "shop") as project:
        assert breaks(project) == {(mine.size, "head")}


def repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    return path


def test_a_file_and_a_repository_are_told_once_and_read_again(tmp_path: Path) -> None:
    file, repo = tmp_path / "worm.jsonl", repository(tmp_path / "kept")
    with open_project(laid(tmp_path / "shop", f"file:{file}", f"git:{repo}")) as project:
        for n in (3, 2):
            grown(project, n)
            found = ledger.sign(project, ADA)
            again = ledger.sign(project, ADA)
            assert found.anchors == again.anchors == (f"file:{file}", f"git:{repo}") and not again.failing
        seen = ledger.verify(project)
        assert (seen.broken, seen.heads, seen.anchored) == (0, 2, 4)
    log = subprocess.run(["git", "log", "--format=%an"], cwd=repo, capture_output=True, text=True, check=True).stdout
    assert log.split() == ["tidemill"] * 2 and file.stat().st_mode & 0o077 == 0


def test_what_was_cut_rewritten_or_restored_from_before_is_found_at_the_anchor(tmp_path: Path) -> None:
    file = tmp_path / "worm.jsonl"
    root = laid(tmp_path / "shop", f"file:{file}")
    database = root / ".tidemill/tidemill.db"
    with open_project(root) as project:
        grown(project, 4)
        ledger.sign(project, ADA)
    before = tmp_path / "backup.db"
    with closing(sqlite3.connect(database)) as plain, closing(sqlite3.connect(before)) as into:
        plain.backup(into)
    with open_project(root) as project:
        grown(project, 3)
        size = ledger.sign(project, ADA).size
    for name in ("", "-wal", "-shm"):
        Path(f"{database}{name}").unlink(missing_ok=True)
    database.write_bytes(before.read_bytes())
    with open_project(root) as project:
        assert breaks(project) == {(size, "anchor")}
        grown(project, 5)  # it goes on as if nothing had been: what comes is another history
        assert breaks(project) == {(size, "anchor")}


def test_an_anchor_that_lost_what_it_took_or_says_something_else(tmp_path: Path) -> None:
    file = tmp_path / "worm.jsonl"
    with open_project(laid(tmp_path / "shop", f"file:{file}")) as project:
        grown(project, 2)
        size = ledger.sign(project, ADA).size
        kept = file.read_bytes()
        file.write_bytes(kept.replace(b'"sig":"', b'"sig":"AA'))
        assert breaks(project) == {(0, "anchor"), (size, "anchor")}
        file.unlink()
        assert breaks(project) == {(size, "anchor")}
        file.write_bytes(kept + b'{"payload":"cut sho')  # a kill in the middle of a line: that was never taken
        grown(project, 1)
        ledger.sign(project, ADA)
        assert breaks(project) == set() and file.read_bytes().startswith(kept)


def test_one_that_takes_nothing_is_told_again_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    anchor = f"file:{folder}/worm.jsonl"
    with open_project(laid(tmp_path / "shop", anchor)) as project:
        grown(project, 2)
        assert [one.tries for one in ledger.sign(project, ADA).failing] == [1]
        assert [one.tries for one in ledger.sign(project, ADA).failing] == [2]
        now = project.store.clock.now()
        assert anchors.tell(project, now) == anchors.failing(project)  # not its time yet
        assert anchors.failing(project)[0].tries == 2
        assert [event.kind for event in project.store.events.list(kind="anchor_failed")] == ["anchor_failed"]
        assert [(one.what, one.well) for one in doctor.examine(project) if one.what.startswith("anchor")] == [
            (f"anchor {anchor}", False)
        ]
        folder.mkdir()
        (late,) = (project.store.settings.get(anchors.FAILING)[anchor]["again"],)  # type: ignore[index,call-overload]
        assert anchors.tell(project, late) == [] and ledger.head(project).anchors == (anchor,)


def test_an_anchor_in_the_project_is_none(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    with open_project(laid(root, f"file:{root}/ledger.jsonl")) as project:
        grown(project, 1)
        assert "own folder" in ledger.sign(project, ADA).failing[0].error


@pytest.mark.parametrize(
    "address", ["file:ledger.jsonl", "file:/a/../b", "git:", "http://elsewhere.example/x", "ftp:/x", "file://x/y"]
)
def test_what_is_no_anchor(tmp_path: Path, address: str) -> None:
    laid(tmp_path / "shop", address)
    with pytest.raises(ConfigError) as caught:
        open_project(tmp_path / "shop")
    assert "tidemill.toml" in caught.value.place and caught.value.hint


@contextmanager
def listening(*says: bytes) -> Iterator[Receiver]:
    """A program that takes heads, in a thread of its own."""
    found: list[Receiver] = []
    ready, over = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        async with receiver(*says) as one:
            found.append(one)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    loops[0].call_soon_threadsafe(over.set)
    thread.join(30)


def test_a_program_is_told_by_the_way_of_callbacks(tmp_path: Path) -> None:
    with listening(b"HTTP/1.1 500 No\r\n\r\n") as program:
        with open_project(laid(tmp_path / "shop", program.url)) as project:
            grown(project, 1)
            assert ledger.sign(project, ADA).failing and not ledger.sign(project, ADA).failing
            key, head = key_of(project), heads.last_head(project)
        assert head is not None
        fields, body = program.heard[-1]
        signed = signature(key, fields["webhook-id"], int(fields["webhook-timestamp"]), body)
        assert body == heads.line_of(head) and fields["webhook-signature"] == signed and len(program.heard) == 2


def test_a_head_is_due_after_so_many_records_or_so_long(tmp_path: Path) -> None:
    with open_project(laid(tmp_path / "shop", more='every = "1 hour"\nrecords = 5')) as project:
        assert not heads.due(project, 0)
        grown(project, 2)
        now = project.store.clock.now()
        assert not heads.due(project, now) and heads.due(project, now + 3_600_000_000)
        grown(project, 3)
        assert heads.due(project, now)
        keep.keep(project, now)
        assert not heads.due(project, now + 3_600_000_000) and ledger.head(project).size == 6


def test_a_key_that_is_not_here_is_said(tmp_path: Path) -> None:
    with open_project(laid(tmp_path / "shop", more="records = 1")) as project:
        grown(project, 1)
        keep.keep(project, 0)
        grown(project, 1)
        (project.keys_dir / "ledger.ed25519").unlink()
        keep.keep(project, 0)
        assert keep.unsigned(project) and not next(one for one in doctor.examine(project) if one.what == "ledger").well


def test_who_may_not_anchor(tmp_path: Path) -> None:
    with open_project(laid(tmp_path / "shop")) as project, pytest.raises(Forbidden):
        ledger.sign(project, EVE)
