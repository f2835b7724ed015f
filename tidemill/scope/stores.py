"""Where a project's records and artifacts are: its own files, or a schema and a bucket's prefix that a team shares."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from tidemill.config.amounts import some_bytes
from tidemill.config.stores import SECRET, StoresSection, encrypted
from tidemill.errors import ConfigError, ProjectError
from tidemill.files import secret_of, write_whole
from tidemill.store.copies import NONE
from tidemill.store.records import MOVING
from tidemill.store.sql import is_made, open_live, open_metadata
from tidemill.types import Json

if TYPE_CHECKING:
    from tidemill.store.sql.live import LiveStore
    from tidemill.store.sql.store import MetadataStore

LONGEST = 63  # bytes of a name in PostgreSQL
OWNER = "project_name"
"""The setting that says whose schema it is."""
ALONE = "alone"
"""Stands in the state folder of a copy: its stores are files of its own, whatever the project's [stores] says."""
CLAIMED = "_claimed"
"""The end of the settings that say by which way the project's prefixes were reached last."""
KEPT_AT = "stores"
"""The setting that says where artifacts and tables are: a project does not begin anew elsewhere in silence."""
STAYING = (OWNER, KEPT_AT, MOVING, f"artifacts{CLAIMED}", f"tables{CLAIMED}")
"""Settings that say something of the place, and do not move with the records."""
KINDS = ("metadata", "artifacts", "tables")


@dataclass(frozen=True, slots=True)
class Files:
    """SQLite in the project's state folder."""

    state: Path

    @property
    def place(self) -> str:
        return str(self.state / "tidemill.db")

    @property
    def is_made(self) -> bool:
        return any((self.state / name).exists() for name in ("tidemill.db", "live.db"))

    @property
    def way_out(self) -> str:
        """How its records are deleted."""
        state = shlex.quote(str(self.state))
        return f"rm {state}/tidemill.db* {state}/live.db*"

    def metadata(self, known: bool) -> MetadataStore:
        return open_metadata(self.state / "tidemill.db", known=known)

    def live(self, known: bool) -> LiveStore:
        return open_live(self.state / "live.db", known=known)


@dataclass(frozen=True, slots=True)
class Server:
    """A schema of a PostgreSQL server: `project`'s, and no other's."""

    url: str = field(repr=False)  # with its secret
    place: str
    project: str

    @property
    def schema(self) -> str:
        return f"tidemill_{self.project.replace('-', '_')}"[:LONGEST]

    @property
    def is_made(self) -> bool:
        return is_made(self.url, self.schema)

    @property
    def way_out(self) -> str:
        return f'psql "{self.place}" -c "DROP SCHEMA {self.schema} CASCADE"'

    def metadata(self, known: bool) -> MetadataStore:
        """Raises ProjectError where the schema is another project's."""
        store = open_metadata(self.url, schema=self.schema, known=known)
        owner = store.settings.keep(OWNER, self.project)
        if owner == self.project:
            return store
        store.close()
        hint = "give one of them another name in [project], or another database"
        raise ProjectError(f"the schema {self.schema} holds the project {owner!r}", place=self.place, hint=hint)

    def live(self, known: bool) -> LiveStore:
        return open_live(self.url, schema=self.schema, known=known)


def keep_alone(root: Path) -> None:
    """From now on this folder, a copy of a project, keeps its records and artifacts to itself."""
    state = root / ".tidemill"
    state.mkdir(mode=0o700, exist_ok=True)
    write_whole(state / ALONE, b"")


def is_alone(state: Path) -> bool:
    """Whether this is the state folder of such a copy."""
    return (state / ALONE).exists()


def stores_of(section: StoresSection, project: str, state: Path) -> Files | Server:
    """Where the project's records are. Raises ConfigError where its password cannot be read."""
    if not section.metadata or is_alone(state):
        return Files(state)
    address = encrypted(section.metadata)
    parts = urlsplit(address)
    place = parts._replace(query="").geturl()
    secret = secret_of(SECRET)
    if secret is not None and any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in secret):
        raise ConfigError("the password is no line of text", place=place, hint=f"{SECRET}, or {SECRET}_FILE, says it")
    if secret is None:
        return Server(address, place, project)
    role, at, host = parts.netloc.rpartition("@")
    with_secret = parts._replace(netloc=f"{role}:{quote(secret, safe='')}{at or '@'}{host}")
    return Server(with_secret.geturl(), place, project)


def places_of(section: StoresSection, state: Path) -> Places:
    """Where the project's artifacts and tables are."""
    return Places(StoresSection() if is_alone(state) else section, state)


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses of artifacts and tables: folders of the project, or prefixes of buckets with copies on this machine."""

    said: StoresSection
    state: Path
    copied: bool = True  # whether this machine keeps copies

    @property
    def artifacts(self) -> str:
        return self._copied(self.said.artifacts) or str(self.state / "artifacts")

    @property
    def tables(self) -> str:
        return self._copied(self.said.tables) or str(self.state / "tables")

    def _copied(self, address: str) -> str:
        most = some_bytes(self.said.copies) if self.copied else NONE
        return f"{address}#{self.state / 'copies'}?most={most}" if address else ""

    @property
    def told(self) -> dict[str, Json]:
        """Where artifacts and tables are, by whatever way; nothing for folders of the project."""
        return {key: place_of(getattr(self.said, key)) for key in ("artifacts", "tables")}

    def stand(self, store: MetadataStore) -> None:
        """Nothing was moved away, and nothing begins anew elsewhere. Raises ProjectError."""
        if is_alone(self.state):
            return
        if gone := store.settings.get(MOVING):
            raise moving(gone, self.state.parent)
        self._same(store.settings.get(KEPT_AT))

    def _same(self, kept: Json) -> None:
        for key, place in (kept if isinstance(kept, dict) else {}).items():
            if place != self.told[key]:
                was, now = (f"at {where}" if where else "files of the project" for where in (place, self.told[key]))
                hint = f"write [stores] {key} as it was, and then: tidemill move"
                raise ProjectError(f"the project's {key} are {was}, and tidemill.toml says {now}", hint=hint)

    def claim(self, project: str, store: MetadataStore, reading: bool = False) -> None:
        """The prefixes are the project's, taken for it at the first time, and it stays there from then on. Raises ProjectError,
        StoreError: then nothing has begun there."""
        kept = store.settings.get(KEPT_AT)
        for key, address in (("artifacts", self.said.artifacts), ("tables", self.said.tables)):
            was = kept and store.settings.get(f"{key}{CLAIMED}")
            if address and was != address:
                from tidemill.store.bucket import Bucket

                bucket = Bucket(address)
                bucket.must_be(project) if was else bucket.claim(project)
                store.settings.set(f"{key}{CLAIMED}", address)
        if kept is None and not reading and not is_alone(self.state):
            self._same(store.settings.keep(KEPT_AT, self.told))


def place_of(address: str) -> str:
    """Without the way there."""
    return address.partition("?")[0].rstrip("/")


def moving(gone: Json, root: Path) -> ProjectError:
    """What the setting `MOVING` says to whoever opens these stores."""
    said = gone if isinstance(gone, dict) else {}
    again = "the same tidemill move again"
    if "from" in said:
        return ProjectError(
            "the project is being moved here, and is not whole yet", place=str(root), hint=f"to end it: {again}"
        )
    places = said["to"].items() if isinstance(said["to"], dict) else ()
    where = ", ".join(str(place) or f"{key} in files" for key, place in places)
    if said.get("moved"):
        hint = f"take the tidemill.toml that says so; where no machine has it: {again}"
        return ProjectError(f"the project has moved to {where}", place=str(root), hint=hint)
    hint = f"to end it where it was cut short: {again}; to give it up: tidemill move --cancel"
    return ProjectError(f"the project is being moved to {where}", place=str(root), hint=hint)
