"""What the loop does for the ledger: a head when it is due, told to the anchors; and what is known of both when it is verified."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidemill.errors import NotAttested, TidemillError
from tidemill.ledger import anchors, heads
from tidemill.ledger.verify import Break, Said
from tidemill.store.chain import LedgerHead
from tidemill.types import Micros

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tidemill.scope.project import Project

UNSIGNED = "ledger_unsigned"
"""The setting that says why no head could be signed; nothing where one could."""
_log = logging.getLogger("tidemill.loop")


def keep(project: Project, now: Micros) -> None:
    """``now``: by the store's clock. What is wrong with the key or an anchor is said on status, and stops nothing else."""
    if heads.due(project, now):
        try:
            heads.make(project)
            _say(project, None)
        except NotAttested as exc:
            _log.error("the ledger's head is not signed: %s", exc)
            _say(project, exc.message)
    for one in anchors.tell(project, now):
        _log.error("the ledger's head is not taken by %s: %s", one.anchor.partition("?")[0], one.error)


def unsigned(project: Project) -> str:
    """Why no head could be signed; "" where one could."""
    return str(project.store.settings.get(UNSIGNED) or "")


def told(project: Project) -> tuple[list[Said], list[Break]]:
    """The roots of all heads and anchors; and those of which one cannot even say so much."""
    key = heads.public_key(project)
    said: list[Said] = []
    wrong: list[Break] = []
    for head in project.store.ledger_heads.list():
        said.append(Said(head.size, head.root, ""))
        wrong += _unlike(project, head, key)
    for anchor in project.ledger.anchors:
        found, breaks = _anchored(project, anchor, key)
        said += found
        wrong += breaks
    return said, wrong


def _unlike(project: Project, head: LedgerHead, key: Ed25519PublicKey | None) -> Iterator[Break]:
    """Of a head whose signed statement does not say what its row says."""
    try:
        if key is None:
            raise NotAttested("there is no key to hold it against")
        one = heads.opened(head.envelope, key)
        if (one.project, one.size, one.root, one.at) != (project.id, head.size, head.root, head.at):
            yield Break(head.size, "head", "what is signed is another head than this one")
    except NotAttested as exc:
        yield Break(head.size, "head", f"the head is not signed by the ledger's key: {exc.message}")


def _anchored(project: Project, anchor: str, key: Ed25519PublicKey | None) -> tuple[list[Said], list[Break]]:
    """What stands at an anchor. One that was told something and cannot be read is a break: nothing was ever to vanish there."""
    given = [head.size for head in project.store.ledger_heads.list() if anchor in head.anchors]
    said: list[Said] = []
    wrong: list[Break] = []
    try:
        lines = anchors.lines(project, anchor)
    except (TidemillError, OSError) as exc:
        why = exc.message if isinstance(exc, TidemillError) else str(exc)
        return [], [Break(given[-1], "anchor", f"{anchor}: {why}")] if given else []
    for n, line in enumerate(lines or (), 1):
        try:
            if key is None:
                raise NotAttested("there is no key to hold it against")
            one = heads.opened(line.decode(errors="replace"), key)
        except NotAttested as exc:
            wrong.append(Break(0, "anchor", f"{anchor}, line {n}: {exc.message}"))
        else:
            if one.project == project.id:
                said.append(Said(one.size, one.root, anchor))
    if lines is not None:
        lost = sorted({*given} - {one.size for one in said})
        wrong += [
            Break(size, "anchor", f"{anchor} has taken the head of {size} records, and has it no more") for size in lost
        ]
    return said, wrong


def _say(project: Project, why: str | None) -> None:
    if unsigned(project) != (why or ""):
        project.store.settings.set(UNSIGNED, why)
