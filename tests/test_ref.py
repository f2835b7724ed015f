"""References keep their spelling, and what is none says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.errors import NotFound
from tidemill.ref import Ref

names = st.from_regex(r"[a-z][a-z0-9_:-]{0,20}", fullmatch=True)


@given(st.sampled_from(["model", "dataset", "release", "file"]), names, st.none() | st.integers(0, 10**9))
def test_what_is_written_is_read(kind: str, name: str, version: int | None) -> None:
    ref = Ref(kind, name, version)
    assert Ref.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "shop", ":shop", "model:", "@4"])
def test_no_reference(text: str) -> None:
    with pytest.raises(NotFound) as caught:
        Ref.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["model:shop", "model:shop@x", "model:@4", "model:shop@\u0664"])
def test_no_version_of_a_model(text: str) -> None:
    with pytest.raises(NotFound):
        Ref.versioned("model", text)
