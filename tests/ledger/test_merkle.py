"""The tree of RFC 6962: against the roots that Certificate Transparency publishes, and against the RFC's own recursion."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from tidemill.ledger.merkle import Tree, consistency, consistent, included, inclusion, root_of

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 0 to 8 inputs: Certificate Transparency's own test data."""


def oracle(data: list[bytes]) -> bytes:
    """Section 2.1, word for word."""
    if not data:
        return hashlib.sha256().digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while 2 * k < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + oracle(data[:k]) + oracle(data[k:])).digest()


def test_the_roots_of_certificate_transparency() -> None:
    data = [bytes.fromhex(one) for one in INPUTS]
    assert [root_of(data[:n]).hex() for n in range(9)] == ROOTS


def test_its_proofs() -> None:
    data = [bytes.fromhex(one) for one in INPUTS]
    assert [one.hex() for one in inclusion(0, data)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [one.hex() for one in consistency(6, data)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_any_tree(data: list[bytes], drawn: st.DataObject) -> None:
    size = drawn.draw(st.integers(1, len(data)))
    at = drawn.draw(st.integers(0, size - 1))
    root, before = oracle(data), oracle(data[:size])
    grown = Tree()
    for one in data[:size]:
        grown.add(one)
    assert grown.root == before
    again = Tree(grown.size, grown.edge)
    for one in data[size:]:
        again.add(one)
    assert again.root == root

    path = inclusion(at, data[:size])
    assert included(at, size, data[at], path, before)
    assert not included(at, size, data[at] + b"x", path, before)
    assert not included(at, size, data[at], [*path, root], before)
    proof = consistency(size, data)
    assert consistent(size, before, len(data), root, proof)
    if size < len(data):
        assert not consistent(size, before, len(data), bytes(32), proof)
        assert not consistent(size, bytes(32), len(data), root, proof)
