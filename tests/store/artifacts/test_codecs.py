"""Codecs: what comes back is what went in, the same value gives the same bytes, and nothing can run."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.raised import raised
from tidemill.errors import Damaged, NotFound, StoreError
from tidemill.store.artifacts import codecs
from tidemill.store.artifacts.codecs import Bundle, Report, get_bundle, load, put_bundle, save
from tidemill.store.artifacts.local import LocalArtifacts

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_json_comes_back(value: Any) -> None:
    assert codecs.decode("json", codecs.encode("json", value)) == value


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8),
        hnp.arrays(
            st.sampled_from([np.float64, np.float32, np.int64, np.int8, np.bool_, np.dtype("U5")]),
            hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_arrays_come_back_and_order_in_memory_does_not_matter(arrays: dict[str, Any]) -> None:
    data = codecs.encode("arrays", arrays)
    back = codecs.decode("arrays", data)
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        np.testing.assert_array_equal(back[name], array)
    turned = {name: np.array(arrays[name], order="F") for name in reversed(list(arrays))}
    assert codecs.encode("arrays", turned) == data


def test_tables_come_back_and_chunks_do_not_matter(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    frame = pl.DataFrame(
        {
            "id": ["a", None, "c"],
            "n": pl.Series([1, 2, None], dtype=pl.Int16),
            "x": [0.5, float("inf"), None],
            "tags": [["u"], [], None],
            "colour": pl.Series(["red", "blue", "red"], dtype=pl.Enum(["blue", "red"])),
            "at": pl.Series([0, 1, 2]).cast(pl.Datetime("us", "UTC")),
        }
    )
    saved = save(store, frame)
    assert saved.codec == "table"
    back = load(store, saved.digest, "table")
    assert back.schema == frame.schema
    assert back.equals(frame)
    pieces = pl.concat([frame.head(1), frame.slice(1)], rechunk=False)
    assert save(store, pieces).digest == saved.digest
    assert save(store, frame.lazy()).digest == saved.digest


@pytest.mark.parametrize(
    "value,codec",
    [
        (None, "json"),
        ((1, 2), "json"),
        ({}, "json"),
        (np.float64(0.5), "json"),
        (np.int64(3), "json"),
        ({"a": np.bool_(True)}, "json"),
        ("plain", "json"),
        (Report("# Title"), "report"),
        (b"\x00", "bytes"),
        ({"a": np.zeros(2)}, "arrays"),
        (pl.DataFrame(), "table"),
        (Bundle({}, {}), "bundle"),
    ],
)
def test_the_type_chooses_the_codec(value: Any, codec: str) -> None:
    assert codecs.codec_of(value) == codec


def test_a_report_stays_a_report(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    back = load(store, save(store, Report("# é")).digest, "report")
    assert back == "# é" and isinstance(back, Report)


@pytest.mark.parametrize("value", [object(), {1, 2}, np.zeros(2), 1j, lambda: 1])
def test_what_no_codec_keeps_is_refused(tmp_path: Path, value: Any) -> None:
    with raised(StoreError, "") as caught:
        save(LocalArtifacts(tmp_path), value)
    assert caught.value.message.endswith(f" {type(value).__module__}.{type(value).__name__}")


@pytest.mark.parametrize(
    "value,told,way",
    [
        ({1: "a"}, ["$ ", " 1"], "str(key)"),
        ({0: "a"}, ["$ ", " 0"], "str(key)"),
        ({None: 1}, ["$ ", " None"], "str(key)"),
        (["\udcff"], [r"'\udcff'"], ""),
        ([float("nan")], ["$[0] ", " nan"], "null"),
        ({"a": [object()]}, ["$.a[0] ", " object"], "output"),
        ([{1, 2}], ["$[0] ", " set"], "output"),
    ],
)
def test_json_refuses_what_would_change_on_the_way(value: Any, told: list[str], way: str) -> None:
    with raised(StoreError, "", hint=bool(way)) as caught:
        codecs.encode("json", value)
    assert all(fact in caught.value.message for fact in told) and way in caught.value.hint


@pytest.mark.parametrize(
    "value,told,way", [({0: np.zeros(2)}, " 0", "str(name)"), (Report("half \udcff"), r"'\udcff'", "")]
)
def test_what_would_come_back_as_another_is_refused(tmp_path: Path, value: Any, told: str, way: str) -> None:
    with raised(StoreError, "") as caught:
        save(LocalArtifacts(tmp_path), value)
    assert told in caught.value.message and way in caught.value.hint


def test_object_arrays_are_refused_both_ways() -> None:
    with raised(StoreError, "") as caught:
        codecs.encode("arrays", {"a": np.array([object()])})
    assert "'a'" in caught.value.message
    out = io.BytesIO()
    np.savez(out, a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(Damaged):
        codecs.decode("arrays", out.getvalue())


@pytest.mark.parametrize("codec", ["json", "arrays", "table", "report"])
def test_bytes_of_another_kind_are_damage(codec: str) -> None:
    with pytest.raises(Damaged):
        codecs.decode(codec, b"\xff\xfe nonsense")


def test_unknown_codec_names_the_known() -> None:
    with raised(StoreError, "") as caught:
        codecs.decode("pickle", b"")
    assert "'pickle'" in caught.value.message and "arrays" in caught.value.hint


BUNDLE = Bundle({"scorer": "recommend", "k": 20}, {"weights.npz": b"w" * 50, "items.json": b"[1]", "empty": b""})


def test_a_bundle_comes_back_and_putting_it_again_is_the_same(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    digest = put_bundle(store, BUNDLE)
    back = get_bundle(store, digest)
    assert back.files == BUNDLE.files
    assert {k: v for k, v in back.manifest.items() if k != "files"} == BUNDLE.manifest
    assert put_bundle(store, back) == digest
    saved = save(store, BUNDLE)
    assert saved.digest == digest and len(saved.parts) == 4
    assert {part.digest for part in saved.parts} == set(store.digests())


def test_a_flipped_byte_in_each_file_of_a_bundle_is_refused(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    digest = put_bundle(store, BUNDLE)
    names = [d for d in store.digests() if len(store.get(d))]
    assert len(names) == 3
    for name in names:
        path = store.path(name)
        good = path.read_bytes()
        for place in {0, len(good) // 2, len(good) - 1}:
            bad = bytearray(good)
            bad[place] ^= 1
            path.chmod(0o600)
            path.write_bytes(bytes(bad))
            with pytest.raises(Damaged):
                get_bundle(store, digest)
            with pytest.raises(Damaged):
                codecs.verify(store, digest, "bundle")
        path.write_bytes(good)
    assert get_bundle(store, digest).files == BUNDLE.files


def test_a_missing_file_of_a_bundle_is_refused(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    digest = put_bundle(store, BUNDLE)
    store.delete(get_bundle(store, digest).manifest["files"]["items.json"])
    with pytest.raises(NotFound):
        get_bundle(store, digest)


@pytest.mark.parametrize("name", ["../up", "/etc/x", "a/b", "", ".hidden", "nul\x00"])
def test_unsafe_names_in_a_bundle_are_refused_both_ways(tmp_path: Path, name: str) -> None:
    store = LocalArtifacts(tmp_path)
    with raised(StoreError, "") as caught:
        put_bundle(store, Bundle({}, {name: b""}))
    assert repr(name) in caught.value.message
    forged = store.put(codecs.encode("json", {"files": {name: store.put(b"")}}))
    with pytest.raises(Damaged):
        get_bundle(store, forged)


def test_a_manifest_that_names_other_files_is_refused(tmp_path: Path) -> None:
    with raised(StoreError, "") as caught:
        put_bundle(LocalArtifacts(tmp_path), Bundle({"files": {"a": "sha256:0"}}, {"a": b"1"}))
    assert "'files'" in caught.value.hint


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"files": []}', b'{"files": {"a": 1}}', b"no json"])
def test_what_is_no_manifest_is_damage(tmp_path: Path, data: bytes) -> None:
    store = LocalArtifacts(tmp_path)
    with pytest.raises(Damaged):
        get_bundle(store, store.put(data))


def test_the_codecs_load_neither_polars_nor_numpy() -> None:
    script = (
        "import sys; import tidemill.store.artifacts.codecs, tidemill.store.artifacts.local;"
        "sys.exit(any(m in sys.modules for m in ('polars','numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
