"""A prefix of a bucket in object storage that speaks S3 (extra ``s3``: obstore): one project's, and no other's.

An object is there whole or not at all. The bucket must keep its word about ``If-None-Match``: that is what makes a commit safe that
two writers race for. It is tried when the prefix is taken, and a bucket, or a proxy before it, that drops the condition is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tidemill.errors import ConfigError, DiskFull, NotFound, ProjectError, StoreBusy, StoreError
from tidemill.files import secret_of

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

OWNER = "project"
"""The object that says whose prefix it is."""
TRIED = "tried"
"""The folder in which it is tried what the storage does; who was killed then, or may not delete, leaves it there."""
SECRET = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a name
WAIT = 20.0
"""Seconds that storage which is away is tried again."""
ANSWER = 30.0
"""Seconds that one request may take."""
_NO_ROOM = ("QuotaExceeded", "StorageFull", "507 Insufficient")
"""How storage says that there is no room: Ceph, MinIO, and by the status."""


class Found(NamedTuple):
    name: str
    size: int  # bytes
    changed: datetime


class Bucket:
    """``s3://BUCKET/PREFIX?endpoint=…&region=…``. Secrets as every S3 client takes them from the environment:
    ``AWS_ACCESS_KEY_ID`` and so on; or the file that ``AWS_SECRET_ACCESS_KEY_FILE`` names. Raises ConfigError."""

    def __init__(self, address: str) -> None:
        self.place = address.partition("?")[0].rstrip("/")
        self._said = dict(parse_qsl(urlsplit(address).query))
        self.store = _open(address, self._said)

    @property
    def options(self) -> dict[str, str]:
        """The way there, as delta-rs and polars are told of it (``storage_options``), with the secret: to be shown to nobody."""
        said = {
            SECRET: secret_of(SECRET),
            "AWS_ENDPOINT_URL": self._said.get("endpoint"),
            "AWS_REGION": self._said.get("region"),
        }
        plain = {"AWS_ALLOW_HTTP": "true"} if self._said.get("endpoint", "").startswith("http://") else {}
        return {name: value for name, value in said.items() if value} | plain

    def claim(self, project: str) -> None:
        """Take the prefix for this project. Raises ProjectError where another has it, StoreError for a bucket that cannot be used."""
        self._try_conditions()
        self.create(OWNER, project.encode())
        self.must_be(project)

    def must_be(self, project: str) -> None:
        """Raises ProjectError where the prefix is another project's, NotFound where it is nobody's."""
        owner = self.get(OWNER, "object that says whose prefix it is").decode(errors="replace")
        if owner != project:
            said = f"the prefix holds what belongs to {owner[:60]}, this is {project}"
            raise ProjectError(said, place=self.place, hint="take another prefix")

    def must_be_free(self, project: str) -> None:
        """Raises ProjectError where the prefix is another project's, or holds what is no project's."""
        try:
            self.must_be(project)
        except NotFound:
            if found := [one for one in self.below("") if not one.name.startswith(f"{TRIED}/")]:
                said = f"the prefix is not empty: {found[0].name} lies in it"
                raise ProjectError(said, place=self.place, hint="take another prefix") from None

    def _try_conditions(self) -> None:
        """On an object of nobody's: storage that fails would write over whose the prefix is. Raises StoreError."""
        name = f"{TRIED}/{os.urandom(8).hex()}"
        kept = self.create(name, b"once") and not self.create(name, b"twice")
        self.delete(name)
        if not kept:
            hint = "use a bucket, and a way to it, that honours If-None-Match"
            raise StoreError("the storage overwrites what it was asked to make only once", place=self.place, hint=hint)

    def create(self, name: str, data: bytes) -> bool:
        """Whether this call made the object: of several at once one does."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._translated(name, writing=True):
            try:
                obstore.put(self.store, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                # An answer that was lost is asked for again, and then finds what it made itself
                return bytes(obstore.get(self.store, name).bytes()) == data
        return True

    def put(self, name: str, data: bytes) -> None:
        import obstore

        with self._translated(name, writing=True):
            obstore.put(self.store, name, data)

    def get(self, name: str, what: str = "") -> bytes:
        """``what``: the thing that is lacking, where the object is. Raises NotFound."""
        import obstore

        with self._translated(name, what):
            return bytes(obstore.get(self.store, name).bytes())

    def look(self, name: str, what: str = "") -> Found:
        """Raises NotFound."""
        import obstore

        with self._translated(name, what):
            found = obstore.head(self.store, name)
        return Found(name, found["size"], found["last_modified"])

    def delete(self, name: str) -> None:
        import obstore

        with self._translated(name, writing=True):
            obstore.delete(self.store, name)

    def below(self, under: str, after: str = "") -> list[Found]:
        """What lies in this folder and all below, sorted; only names behind ``after``."""
        import obstore

        with self._translated():
            parts = obstore.list(self.store, under, offset=after or None)
            found = [Found(one["path"], one["size"], one["last_modified"]) for part in parts for one in part]
        return sorted(found)

    def folders(self, under: str) -> list[str]:
        """The names of the folders in this one."""
        import obstore

        with self._translated():
            found = obstore.list_with_delimiter(self.store, under)["common_prefixes"]
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    @contextmanager
    def _translated(self, name: str = "", what: str = "", *, writing: bool = False) -> Iterator[None]:
        """What the storage says, said by us, and without the parts of it that may hold a secret."""
        from obstore import exceptions as told

        try:
            yield
        except (told.BaseError, OSError) as exc:
            if any(words in str(exc) for words in _NO_ROOM):
                hint = "make room, or raise its quota, and try again"
                raise DiskFull("the bucket is full; nothing was written", place=self.place, hint=hint) from None
            if isinstance(exc, told.NotFoundError | FileNotFoundError):
                raise self._missing(exc, name, what) from None
            if isinstance(exc, told.PermissionDeniedError | told.UnauthenticatedError | PermissionError):
                act = "write" if writing else "read"
                hint = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and at what the key may do: get, put, list, delete"
                raise StoreError(f"the storage does not let this key {act}", place=self.place, hint=hint) from None
            hint = "wait, and try again; nothing is lost, what was not written is not taken for written"
            raise StoreBusy(f"the storage cannot be used: {_cause(exc)}", place=self.place, hint=hint) from None

    def _missing(self, exc: Exception, name: str, what: str) -> StoreError:
        if name and "NoSuchBucket" not in str(exc):
            return NotFound(f"no {what or name}", place=f"{self.place}/{name}")
        return StoreError("there is no such bucket", place=self.place, hint="make it, or look at [stores]")


def _cause(exc: Exception) -> str:
    """The last clause of the first line: the others repeat addresses and headers."""
    first = str(exc).partition("\n")[0]
    return first.rpartition(": ")[2][:200] or type(exc).__name__


def _open(address: str, said: dict[str, str]) -> S3Store:
    """Raises ConfigError without obstore."""
    try:
        from obstore.store import S3Store
    except ImportError as exc:
        raise ConfigError("object storage needs obstore", hint="pip install 'tidemill[s3]'") from exc
    parts = urlsplit(address)
    config: S3Config = {}
    if secret := secret_of(SECRET):
        config |= {"secret_access_key": secret}
    if "endpoint" in said:
        config |= {"endpoint": said["endpoint"], "virtual_hosted_style_request": False}
    if "region" in said:
        config |= {"region": said["region"]}
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": said.get("endpoint", "").startswith("http://"),
            "timeout": timedelta(seconds=ANSWER),
            "connect_timeout": timedelta(seconds=5),
        },
        retry_config={"max_retries": 8, "retry_timeout": timedelta(seconds=WAIT)},
        config=config,
    )
