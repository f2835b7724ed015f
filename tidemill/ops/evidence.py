"""What a model version can show to whoever has to sign it: its card, its bill of materials, where it comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import msgspec

from tidemill.errors import NotFound, StoreError
from tidemill.model import registry
from tidemill.model.card import bom as bills
from tidemill.model.card import hub, page
from tidemill.model.card.facts import Facts, facts
from tidemill.release.signing import attest
from tidemill.release.signing import provenance as origins
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import Project
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject

Format = Literal["md", "json", "html"]


@dataclass(frozen=True)
class Card:
    """A model card: Markdown with the metadata of Hugging Face's hub, JSON, or a page to be printed."""

    card: str
    format: Format = "md"


@dataclass(frozen=True)
class Provenance:
    """Where a version comes from: the statement, and its signed envelope (DSSE) where a release of it has one.

    ``signed``: by the key that is trusted here.
    """

    statement: JsonObject
    envelope: JsonObject | None
    signed: bool


def card(project: Project, model: str, format: Format = "md") -> Card:
    """Its model card. Raises NotFound where it has none."""
    found = registry.resolve(project, model)
    if found.card is None:
        raise NotFound(f"{found.ref} has no card")
    text, known = card_text(project, found), facts(project, found)
    if format == "html":
        return Card(page.html(known, text), format)
    if format == "json":
        return Card(json.dumps(_plain(known, text), indent=2, ensure_ascii=False), format)
    return Card(hub.markdown(known, text), format)


class Printed(str):
    """A card's text in Markdown, which a notebook shows as it would be printed."""

    __slots__ = ("page",)
    page: str

    def _repr_html_(self) -> str:
        return self.page


def printed(project: Project, model: str) -> Printed:
    """Its card with the hub's metadata, and as a notebook shows it. Raises NotFound where it has none."""
    found = registry.resolve(project, model)
    made = Printed(card(project, model).card)
    known = facts(project, found)
    made.page = f"<article>{page.known(known)}{page.body(card_text(project, found))}</article>"
    return made


def card_text(project: Project, model: ModelVersion) -> str:
    """Its model card as it was written; nothing where it has none. Raises NotFound where it is not kept, Damaged."""
    return project.artifacts.get(model.card).decode("utf-8", "replace") if model.card else ""


def bom(project: Project, model: str) -> JsonObject:
    """Its bill of materials: CycloneDX 1.7 for machine learning, as JSON."""
    return bills.bom(facts(project, registry.resolve(project, model)))


def provenance(project: Project, model: str) -> Provenance:
    """Where it comes from, as it was signed with its release; unsigned where it was never tried. Raises NotAttested of another's signature."""
    found = registry.resolve(project, model)
    kept = _kept(project, found)
    if kept is None:
        return Provenance(origins.statement(facts(project, found)), None, False)
    said = attest.open_envelope(kept, public_keys(project))
    attest.check_subject(said, found.ref, found.bundle, "the provenance")
    return Provenance(said, json.loads(kept), True)


def _kept(project: Project, model: ModelVersion) -> bytes | None:
    try:
        return origins.kept(project, model)
    except StoreError as exc:
        raise NotFound(f"the envelopes of a release of {model.ref} cannot be read: {exc}") from exc


def _plain(known: Facts, text: str) -> JsonObject:
    """All that is known, by the names that the records have, and the card's text."""
    found: JsonObject = msgspec.to_builtins(known)
    return {**found, "hub": hub.metadata(known), "text": text}
