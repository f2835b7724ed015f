"""The forger, and a store that each case begins anew in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.oidc.case import Case
from tests.access.oidc.forger import CLIENT, Forger, forging
from tidemill.config.access import OidcSection
from tidemill.store.sql import open_metadata
from tidemill.store.sql.store import MetadataStore


@pytest.fixture(scope="module")
def server() -> Iterator[Forger]:
    with forging() as forger:
        yield forger


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetadataStore]:
    store = open_metadata(tmp_path_factory.mktemp("forged") / "tidemill.db")
    yield store
    store.close()


@pytest.fixture
def case(server: Forger, store: MetadataStore) -> Case:
    vars(server).update({**vars(Forger()), "issuer": server.issuer})
    for noun in (store.principals, store.tokens, store.logins, store.attempts, store.vouched):
        for one in noun.list():
            noun.delete(getattr(one, "id", "") or getattr(one, "key", "") or one.session)  # type: ignore[union-attr]
    section = OidcSection(issuer=server.issuer, client_id=CLIENT, roles={"ml-team": ("data-scientist",)})
    return Case(server, store, section, events=len(store.events.list()))
