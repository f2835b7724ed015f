"""Codecs: how a value becomes bytes that stay readable for years. Data only, never pickle.

| codec  | value                              | bytes                                          |
|--------|------------------------------------|------------------------------------------------|
| table  | polars.DataFrame (LazyFrame: collected) | Parquet                                   |
| json   | None, bool, int, float, str, list, dict | canonical JSON                            |
| arrays | dict of name -> numpy array        | npz, stored, no object arrays                  |
| bundle | `Bundle`                           | JSON manifest that names one artifact a file   |
| report | `Report`                           | Markdown in UTF-8                              |
| bytes  | bytes                              | themselves                                     |

The same value gives the same bytes. Importing this module loads neither polars nor numpy: the scorer uses it.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tidemill.errors import Damaged, StoreError
from tidemill.store.artifacts.port import Artifacts
from tidemill.types import JsonObject, canonical
from tidemill.types import digest as digest_of

VERSION = 1  # Part of every fingerprint: raise it when a codec writes the same value differently

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """A model as data: a manifest and files. In what `get_bundle` gives, ``manifest["files"]`` maps name -> digest."""

    manifest: JsonObject
    files: dict[str, bytes]


class Report(str):
    """Markdown that a person reads; a step that returns one keeps it with the codec ``report``."""

    __slots__ = ()


class Part(NamedTuple):
    """One artifact that was written on the way."""

    digest: str
    codec: str
    size: int


class Saved(NamedTuple):
    """Where a value is kept; ``parts`` are all artifacts it needs, itself last."""

    digest: str
    codec: str
    size: int
    parts: tuple[Part, ...]


def save(store: Artifacts, value: Any) -> Saved:
    """Keep a value under the codec that its type asks for. Raises StoreError for a value that no codec keeps.

    >>> import tempfile; from tidemill.store.artifacts.local import LocalArtifacts
    >>> store = LocalArtifacts(tempfile.mkdtemp())
    >>> load(store, save(store, {"b": [1, 2.5], "a": None}).digest, "json")
    {'a': None, 'b': [1, 2.5]}
    """
    codec = codec_of(value)
    parts = _put_files(store, value) if codec == "bundle" else []
    whole = _put(store, codec, _manifest(value) if codec == "bundle" else encode(codec, value))
    return Saved(*whole, (*parts, whole))


def load(store: Artifacts, digest: str, codec: str) -> Any:
    """The value back, its bytes verified. Raises Damaged, NotFound, StoreError (no such codec)."""
    if codec == "bundle":
        return get_bundle(store, digest)
    return decode(codec, store.get(digest))


def verify(store: Artifacts, digest: str, codec: str) -> None:
    """Every byte of the value, the files of a bundle too. Raises Damaged, NotFound."""
    store.verify(digest)
    for part in parts_of(store, digest) if codec == "bundle" else ():
        store.verify(part)


def codec_of(value: Any) -> str:
    """The codec for the value's type. Raises StoreError with what a step may return."""
    if isinstance(value, Bundle):
        return "bundle"
    if isinstance(value, Report):
        return "report"
    if isinstance(value, bytes):
        return "bytes"
    if _kind(value) in ("polars.DataFrame", "polars.LazyFrame"):
        return "table"
    if isinstance(value, dict) and value and all(_kind(v) == "numpy.ndarray" for v in value.values()):
        return "arrays"
    if value is None or isinstance(value, (bool, int, float, str, list, tuple, Mapping)) or _is_scalar(value):
        return "json"
    raise StoreError(
        f"no codec keeps a {type(value).__module__}.{type(value).__qualname__}",
        hint="return a polars table, a dict of numpy arrays, JSON, Bundle, Report or bytes",
    )


def encode(codec: str, value: Any) -> bytes:
    """The value's bytes (not for ``bundle``, which is several artifacts). Raises StoreError."""
    return _codec(codec).encode(value)


def decode(codec: str, data: bytes) -> Any:
    """The value of the bytes. Raises Damaged when they do not fit the codec, StoreError when there is no such codec."""
    decoder = _codec(codec).decode
    try:
        return decoder(data)
    except StoreError:
        raise
    except Exception as exc:
        raise Damaged(f"these {len(data)} bytes are no {codec}: {exc}") from exc


def put_bundle(store: Artifacts, bundle: Bundle) -> str:
    """Keep every file and then the manifest, whose digest is the bundle's. Raises StoreError on an unsafe file name."""
    return save(store, bundle).digest


def parts_of(store: Artifacts, digest: str) -> list[str]:
    """The digests of a bundle's files. Raises Damaged, NotFound."""
    return list(_listed(store.get(digest), digest)[1].values())


def get_bundle(store: Artifacts, digest: str) -> Bundle:
    """The bundle with every file verified. Raises Damaged, NotFound."""
    manifest, files = _listed(store.get(digest), digest)
    return Bundle(manifest, {name: store.get(part) for name, part in files.items()})


def get_file(store: Artifacts, digest: str, name: str) -> bytes | None:
    """One file of a bundle, verified; None where it has none of this name. Raises Damaged, NotFound."""
    part = _listed(store.get(digest), digest)[1].get(name)
    return None if part is None else store.get(part)


def _put(store: Artifacts, codec: str, data: bytes) -> Part:
    return Part(store.put(data), codec, len(data))


def _put_files(store: Artifacts, bundle: Bundle) -> list[Part]:
    for name in bundle.files:
        if not _FILE_NAME.fullmatch(name):
            raise StoreError(f"{name!r} is no name for a file of a bundle", hint="letters, digits, '.', '_' and '-'")
    return [_put(store, "bytes", data) for _, data in sorted(bundle.files.items())]


def _manifest(bundle: Bundle) -> bytes:
    files = {name: digest_of(data) for name, data in sorted(bundle.files.items())}
    if bundle.manifest.get("files", files) != files:
        raise StoreError("the bundle's manifest names other files than it has", hint="leave 'files' out of it")
    return encode("json", {**bundle.manifest, "files": files})


def _listed(data: bytes, digest: str) -> tuple[JsonObject, dict[str, str]]:
    manifest = decode("json", data)
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or not all(_FILE_NAME.fullmatch(n) and isinstance(d, str) for n, d in files.items()):
        raise Damaged(f"{digest[:19]}… is not the manifest of a bundle")
    return manifest, files


class _Codec(NamedTuple):
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _codec(name: str) -> _Codec:
    if name not in _CODECS:
        raise StoreError(f"no codec {name!r}", hint=f"known: {', '.join(sorted(_CODECS))}, bundle")
    return _CODECS[name]


def _kind(value: Any) -> str:
    """``polars.DataFrame`` and the like, told by name so that nothing heavy is imported."""
    return next(
        (
            f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
            for cls in type(value).__mro__
            if cls.__module__.startswith(("polars", "numpy"))
        ),
        "",
    )


def _is_scalar(value: Any) -> bool:
    return type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "shape", None)


def _encode_json(value: Any) -> bytes:
    try:
        return canonical(_plain(value, "$"))
    except ValueError as exc:
        raise StoreError(f"JSON cannot say this: {exc}") from exc


def _plain(value: Any, where: str) -> Any:
    """The value in JSON's own types: tuples become lists, numpy scalars plain numbers."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreError(f"{where} is {value}, which JSON cannot say", hint="null for what is not a number")
        return float(value)
    if isinstance(value, Mapping):
        if wrong := [k for k in value if not isinstance(k, str)]:
            raise StoreError(f"{where} has the key {wrong[0]!r}, and JSON's keys are text", hint="use str(key)")
        return {k: _plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if _is_scalar(value):
        return _plain(value.item(), where)
    raise StoreError(
        f"{where} is a {type(value).__qualname__}, which JSON cannot say", hint="return it as an output of its own"
    )


def _encode_table(value: Any) -> bytes:
    frame = value.collect() if _kind(value) == "polars.LazyFrame" else value
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", compression_level=1)
    return out.getvalue()


def _decode_table(data: bytes) -> Any:
    import polars

    return polars.read_parquet(io.BytesIO(data))


def _encode_arrays(value: Mapping[str, Any]) -> bytes:
    import zipfile

    import numpy

    if wrong := [name for name in value if not isinstance(name, str)]:
        raise StoreError(f"an array has the name {wrong[0]!r}, and names are text", hint="use str(name)")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(value):
            array = numpy.asarray(value[name], order="C")
            if array.dtype.hasobject:
                raise StoreError(f"array {name!r} holds Python objects", hint="give it a plain dtype")
            member = io.BytesIO()
            numpy.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH), member.getvalue())
    return out.getvalue()


def _decode_arrays(data: bytes) -> dict[str, Any]:
    import numpy

    with numpy.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _encode_report(text: str) -> bytes:
    try:
        return str(text).encode()
    except UnicodeEncodeError as exc:
        raise StoreError(f"UTF-8 cannot say this report: {exc}", hint="leave half characters out") from exc


_CODECS: dict[str, _Codec] = {
    "json": _Codec(_encode_json, json.loads),
    "table": _Codec(_encode_table, _decode_table),
    "arrays": _Codec(_encode_arrays, _decode_arrays),
    "report": _Codec(_encode_report, lambda data: Report(data.decode())),
    "bytes": _Codec(bytes, bytes),
}
