"""From zero by docs/team.md, on three hosts in namespaces: every command as it is written there.

Played are `scp` (the hosts share a disk) and what pip would fetch (it is installed already); services start in the page's terminals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.team.hosts import HOME, Host, hosts

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/team.md"
ADDRESSES = {"front": "10.77.0.10", "one": "10.77.0.11", "two": "10.77.0.12"}
NAMES = {"models.example stores": "10.77.0.10"}
BLOCK = re.compile(r"^```sh\n# (\w+)(, in a terminal of its own)?\n(.*?)^```", re.M | re.S)


def blocks(page: str) -> list[tuple[str, bool, str]]:
    """The page's commands: the host, whether it goes on, and what is typed."""
    return [(host, bool(goes_on), script) for host, goes_on, script in BLOCK.findall(page)]


def test_every_command_of_the_page_says_where_it_is_typed() -> None:
    text = PAGE.read_text()
    found = blocks(text)
    assert len(found) == text.count("```sh\n") and {host for host, *_ in found} == ADDRESSES.keys()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[dict[str, Host]]:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and folder != Path(folder.root):
            folder.chmod(folder.stat().st_mode | 0o011)  # PostgreSQL has a user of its own
    with hosts(tmp_path, ADDRESSES, NAMES) as found:
        for host in found.values():
            host.run(f"ln -s {ROOT} {HOME}/tidemill")
        yield found


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_from_zero_by_the_page(machines: dict[str, Host]) -> None:
    said: list[str] = []
    for host, goes_on, script in blocks(PAGE.read_text()):
        print(f"--- {host}\n{script}")
        if goes_on:
            machines[host].start(script)
        else:
            try:
                said.append(machines[host].run(script))
            except AssertionError as exc:
                raise AssertionError(f"{exc}\n{''.join(one.said for one in machines.values())}") from exc
            print(said[-1])
    answers = [json.loads(line) for text in said for line in text.splitlines() if line.startswith('{"prediction_id"')]
    assert re.search(r"^predictions +1$", said[-1], re.M), said[-1]  # restored
    assert len(answers) >= 4 and all(answer == answers[0] for answer in answers[:4])
