"""Artifacts in object storage that speaks S3 (extra ``s3``: obstore): each an object named by its digest, with copies in a folder.

An object is there whole or not at all. Bytes are checked whenever they are fetched, and again whenever the copy on this
machine is read: what was replaced behind our back is `Damaged`, wherever. A copy saves the way, and is never the only one:
`put` returns when the bucket has the bytes.

The bucket must keep its word about ``If-None-Match``: that is what makes a commit safe that two writers race for. It is tried when
the prefix is taken, and a bucket, or a proxy before it, that drops the condition is refused.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tidemill.errors import ConfigError, Damaged, DiskFull, NotFound, ProjectError, StoreBusy, StoreError
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.artifacts.port import Artifacts, Stat, check_bytes, name_of

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

OWNER = "project"
"""The object that says whose prefix it is."""
WAIT = 20.0
"""Seconds that storage which is away is tried again."""
ANSWER = 30.0
"""Seconds that one request may take."""


class ObjectArtifacts(Artifacts):
    """``s3://BUCKET/PREFIX?endpoint=…&region=…#FOLDER``: the folder holds the copies. Secrets as every S3 client takes them from
    the environment: ``AWS_ACCESS_KEY_ID`` and so on."""

    def __init__(self, address: str) -> None:
        plain, _, folder = address.partition("#")
        self._address, self._place = address, plain.partition("?")[0]
        self._store, self._wait = _open(plain), WAIT
        self._copies = LocalArtifacts(Path(folder))
        self.root = self._copies.root

    @property
    def address(self) -> str:
        return self._address

    def claim(self, project: str) -> None:
        """Take the prefix for this project. Raises ProjectError where another has it, StoreError for a bucket that cannot be used."""
        self._try_conditions()
        self._create(OWNER, project.encode())
        with self._translated():
            owner = _get(self._store, OWNER).decode(errors="replace")
        if owner != project:
            raise ProjectError(
                f"the prefix holds the artifacts of {owner[:60]}, this is {project}",
                place=self._place,
                hint="take another prefix",
            )

    def _try_conditions(self) -> None:
        """On an object of nobody's: storage that fails would write over whose the prefix is. Raises StoreError."""
        import obstore

        name = f"tried/{os.urandom(8).hex()}"
        kept = self._create(name, b"once") and not self._create(name, b"twice")
        with self._translated():
            obstore.delete(self._store, name)
        if not kept:
            hint = "use a bucket, and a way to it, that honours If-None-Match"
            raise StoreError("the storage overwrites what it was asked to make only once", place=self._place, hint=hint)

    def _create(self, name: str, data: bytes) -> bool:
        """Whether this call made the object: of several at once one does."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._translated():
            try:
                obstore.put(self._store, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def put(self, data: bytes) -> str:
        """As `Artifacts` says. One that is there is written again: so that it counts as used just now."""
        import obstore

        digest = self._copies.put(data)
        with self._translated():
            obstore.put(self._store, _key(digest), data)
        return digest

    def get(self, digest: str) -> bytes:
        name_of(digest)
        with suppress(NotFound, Damaged):  # a copy that is damaged is fetched anew
            return self._copies.get(digest)
        data = self._fetch(digest)
        with suppress(DiskFull):  # a copy saves the way, no more
            self._copies.put(data)
        return data

    def path(self, digest: str) -> Path:
        with suppress(NotFound, Damaged):
            return self._copies.path(digest)
        self._copies.put(self._fetch(digest))
        return self._copies.path(digest)

    def _fetch(self, digest: str) -> bytes:
        with self._translated(digest):
            data = _get(self._store, _key(digest))
        check_bytes(data, digest, f"{self._place}/{_key(digest)}")
        return data

    def has(self, digest: str) -> bool:
        try:
            self.stat(digest)
        except NotFound:
            return False
        return True

    def verify(self, digest: str) -> None:
        """As `Artifacts` says, of the object itself; it counts as used just now."""
        self.put(self._fetch(digest))

    def stat(self, digest: str) -> Stat:
        import obstore

        with self._translated(digest):
            found = obstore.head(self._store, _key(digest))
        return Stat(found["size"], max(0.0, time.time() - found["last_modified"].timestamp()))

    def delete(self, digest: str, idle: float = 0.0) -> int | None:
        """As `Artifacts` says. The storage has no lock: one that is put again between the look and the deletion goes, and whoever
        reads it hears `NotFound`; keep ``idle`` at minutes."""
        import obstore

        try:
            found = self.stat(digest)
        except NotFound:
            return None
        if found.idle < idle:
            return None
        with self._translated(digest):
            obstore.delete(self._store, _key(digest))
        self._copies.delete(digest)
        return found.size

    def digests(self) -> Iterator[str]:
        import obstore

        with self._translated():
            found = [one["path"] for part in obstore.list(self._store, "sha256") for one in part]
        for path in sorted(found):
            digest = f"sha256:{path.removeprefix('sha256/').replace('/', '')}"
            with suppress(NotFound):  # what else somebody put there is no artifact
                name_of(digest)
                yield digest

    def sweep(self) -> int:
        return self._copies.sweep()

    @contextmanager
    def _translated(self, digest: str = "") -> Iterator[None]:
        """What the storage says, said by us, and without the parts of it that may hold a secret."""
        from obstore import exceptions as told

        try:
            yield
        except (told.NotFoundError, FileNotFoundError) as exc:
            if digest and "NoSuchBucket" not in str(exc):
                raise NotFound(f"no artifact {digest[:19]}…", place=self._place) from None
            raise StoreError(
                "there is no such bucket", place=self._place, hint="make it, or look at [stores] artifacts"
            ) from None
        except (told.PermissionDeniedError, told.UnauthenticatedError, PermissionError):
            hint = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and at what the key may do: get, put, list, delete"
            raise StoreError("the storage refuses this key", place=self._place, hint=hint) from None
        except told.BaseError as exc:
            hint = "wait, and try again; nothing is lost, what was not written is not taken for written"
            raise StoreBusy(f"the storage cannot be used: {_cause(exc)}", place=self._place, hint=hint) from None


def _key(digest: str) -> str:
    name = name_of(digest)
    return f"sha256/{name[:2]}/{name[2:]}"


def _get(store: S3Store, name: str) -> bytes:
    import obstore

    return bytes(obstore.get(store, name).bytes())


def _cause(exc: Exception) -> str:
    """The last clause of the first line: the others repeat addresses and headers."""
    first = str(exc).partition("\n")[0]
    return first.rpartition(": ")[2][:200] or type(exc).__name__


def _open(address: str) -> S3Store:
    """Raises ConfigError without obstore."""
    try:
        from obstore.store import S3Store
    except ImportError as exc:
        raise ConfigError("object storage needs obstore", hint="pip install 'tidemill[s3]'") from exc
    parts = urlsplit(address)
    said = dict(parse_qsl(parts.query))
    config: S3Config = {}
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
