"""A log-in of one project at the forger, without a server of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.access.oidc.forger import Forger
from tests.raised import raised
from tidemill.access.oidc import flow, wire
from tidemill.access.oidc.flow import Arrived
from tidemill.access.oidc.provider import Provider
from tidemill.access.oidc.refused import LoginRefused
from tidemill.config.access import OidcSection
from tidemill.store.records import Event
from tidemill.store.sql.store import MetadataStore

REDIRECT = "http://127.0.0.1:8080/login/oidc/callback"
PLACE = "/login/oidc"


@dataclass
class Case:
    """A project's log-in at the forger. ``at``: what the provider's own clock says, in seconds."""

    forger: Forger
    store: MetadataStore
    section: OidcSection
    at: float = 0.0
    events: int = 0  # those of the cases before

    def __post_init__(self) -> None:
        self.provider = self.anew()

    def anew(self, **changes: Any) -> Provider:
        section = OidcSection(**{**{f: getattr(self.section, f) for f in self.section.__struct_fields__}, **changes})
        return Provider(section, wire.asker(section.issuer), lambda: self.at)

    def begin(self) -> tuple[str, str]:
        """State and cookie."""
        begun = flow.begin(self.store, self.provider, REDIRECT, "here")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.location).query).items()}
        self.forger.nonce = asked["nonce"]
        return begun.state, begun.cookie

    def log_in(self, **answer: str) -> Arrived:
        state, cookie = self.begin()
        return flow.finish(self.store, self.provider, {"state": state, "code": "c", **answer}, cookie, "here", "")

    def said(self) -> Sequence[Event]:
        return self.store.events.list()[self.events :]

    def refused(self, reason: str, **answer: str) -> None:
        with raised(LoginRefused, PLACE, reason=reason):
            self.log_in(**answer)
        assert self.said()[-1].data == {"way": "oidc", "reason": reason}
        assert self.store.principals.list() == self.store.tokens.list() == self.store.logins.list() == []
