"""The program of fifty lines alone: any byte, any record that is not as it was; with an anchor, a ledger that was cut or made anew."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.release.made import TOML
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.ledger import heads, verify_ledger
from tidemill.ledger.heads import line_of
from tidemill.ledger.merkle import root_of
from tidemill.ops import ledger
from tidemill.ops.act import record
from tidemill.scope.project import open_project
from tidemill.store.chain import LedgerRecord, canonical, link

SCRIPT = Path(verify_ledger.__file__)
ADA = Caller("ada", SCOPES, "cli", "principal_ada")


@cache
def made() -> tuple[bytes, bytes, Path]:
    """An exported ledger, what an anchor was told of it, and the key."""
    root = Path(mkdtemp())
    (root / "tidemill.toml").write_text(TOML)
    with open_project(root) as project:
        for n in range(12):
            project.store.transact(lambda tx, n=n: record(project, "tried", {"n": n, "who": "Ann \u00e9"}, tx), "ada")
            if n == 7:
                told = line_of(heads.make(project))
        told += line_of(heads.make(project))
        ledger.export(project, root / "ledger.jsonl", with_details=True)
        key = project.keys_dir / "ledger.pub"
        (root / "ledger.pub").write_bytes(key.read_bytes())
    return (root / "ledger.jsonl").read_bytes(), told, root / "ledger.pub"


def holds(exported: bytes, told: bytes | None = None, key: Path | None = None) -> bool:
    """What the program says, in this process: whatever it raises ends it with an error."""
    folder = Path(mkdtemp())
    given: list[str] = []
    if told is not None:
        (folder / "anchor").write_bytes(told)
        given = [str(folder / "anchor"), *([str(key)] if key else [])]
    try:
        verify_ledger.main(exported.splitlines(keepends=True), *given)
    except (SystemExit, Exception):
        return False
    finally:
        shutil.rmtree(folder)
    return True


def test_it_is_fifty_lines_and_imports_nothing_of_ours() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 50 and ledger.script() == text
    names = {one.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for one in node.names}
    assert names <= set(sys.stdlib_module_names) and not any(
        isinstance(node, ast.ImportFrom) for node in ast.walk(ast.parse(text))
    )


def test_as_a_program_of_its_own(tmp_path: Path) -> None:
    exported, told, key = made()
    for name, data in (("ledger", exported), ("cut", exported[:-9]), ("anchor", told), ("other", told[:40] + told)):
        (tmp_path / name).write_bytes(data)

    def run(*names: str) -> int:
        line = [sys.executable, "-I", str(SCRIPT), *names]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, check=False).returncode

    assert run("ledger") == 0 and run("ledger", "anchor") == 0 and run("ledger", "anchor", str(key)) == 0
    assert run("cut") and run("ledger", "other")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_flipped_byte_is_found(drawn: st.DataObject) -> None:
    exported, _, _ = made()
    at = drawn.draw(st.integers(0, len(exported) - 1))
    flip = drawn.draw(st.integers(1, 255))
    assert not holds(exported[:at] + bytes([exported[at] ^ flip]) + exported[at + 1 :])


def dropped(lines: list[bytes], at: int, other: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


def doubled(lines: list[bytes], at: int, other: int) -> list[bytes]:
    return [*lines[: at + 1], lines[at], *lines[at + 1 :]]


def swapped(lines: list[bytes], at: int, other: int) -> list[bytes]:
    lines = [*lines]
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def inserted(lines: list[bytes], at: int, other: int) -> list[bytes]:
    """A record made in due form from the one before it, put in where it is not the last."""
    one = json.loads(lines[at])
    if "seq" not in one:
        return [*lines, lines[0]]
    before = LedgerRecord(**{name: one[name] for name in LedgerRecord.__slots__})
    new = link(before.seq + 1, before.at, "principal_x", "promoted", "", "", "0" * 64, before.hash)
    line = canonical({name: getattr(new, name) for name in LedgerRecord.__slots__}) + b"\n"
    return [*lines[: at + 1], line, *lines[at + 1 :]]


@pytest.mark.parametrize("change", [dropped, doubled, swapped, inserted])
@settings(max_examples=30, deadline=None)
@given(drawn=st.data())
def test_a_record_that_is_left_out_doubled_moved_or_put_in(
    change: Callable[[list[bytes], int, int], list[bytes]], drawn: st.DataObject
) -> None:
    lines = made()[0].splitlines(keepends=True)
    at = drawn.draw(st.integers(0, len(lines) - 1))
    other = drawn.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != at))
    assert not holds(b"".join(change(lines, at, other)))


def anew(exported: bytes, size: int, principal: str = "") -> bytes:
    """By who has all of it: the first records with the last one's principal another, in due form to the last digest."""
    lines = [json.loads(line) for line in exported.splitlines()[:size]]
    records = [LedgerRecord(**{name: one[name] for name in LedgerRecord.__slots__}) for one in lines]
    if principal:
        last = replace(records[-1], principal=principal)
        before = records[-2].hash
        records[-1] = link(last.seq, last.at, principal, last.act, last.subject, last.event, last.commitment, before)
    body = [canonical({name: getattr(one, name) for name in LedgerRecord.__slots__}) + b"\n" for one in records]
    root = root_of([bytes.fromhex(one.hash) for one in records]).hex()
    return b"".join([*body, canonical({"records": size, "root": root}) + b"\n"])


def test_with_an_anchor_a_cut_and_a_tail_made_anew() -> None:
    exported, told, key = made()
    assert holds(exported, told, key) and holds(exported, told)
    for size in (1, 5, 9, 12):
        assert holds(anew(exported, size)) and not holds(anew(exported, size), told)
    assert holds(anew(exported, 13), told)
    assert holds(anew(exported, 13, "principal_x")) and not holds(anew(exported, 13, "principal_x"), told)


def test_an_anchor_of_no_head() -> None:
    exported, _, key = made()
    assert holds(exported) and not holds(exported, b"") and not holds(exported, b"", key)


@pytest.mark.parametrize(
    "put", [{"nonce": None}, {"nonce": None, "details": {"who": "me"}}, {"details": {}}, {"who": "me"}]
)
@pytest.mark.parametrize("bare", [False, True])
def test_words_that_nothing_commits_to(put: dict[str, object], bare: bool) -> None:
    """Without its nonce, or under another name, whatever is said would be believed."""
    lines = made()[0].splitlines(keepends=True)
    one = json.loads(lines[3])
    if bare:
        one = {name: one[name] for name in LedgerRecord.__slots__}
        assert holds(b"".join([*lines[:3], canonical(one) + b"\n", *lines[4:]]))
    forged = {name: value for name, value in (one | put).items() if value is not None}
    if forged != one:
        assert not holds(b"".join([*lines[:3], canonical(forged) + b"\n", *lines[4:]]))


def test_with_the_key_an_anchor_of_somebody_else() -> None:
    exported, told, key = made()
    lines = [json.loads(line) for line in told.splitlines()]
    lines[0]["signatures"] = lines[1]["signatures"]
    assert not holds(exported, b"".join(json.dumps(line).encode() + b"\n" for line in lines), key)
