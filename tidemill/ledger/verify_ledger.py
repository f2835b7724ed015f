"""python verify_ledger.py LEDGER.jsonl [ANCHOR.jsonl [KEY.pub, for which it needs cryptography]]: see docs/ledger.md"""

import base64, functools, hashlib, json, pathlib, sys, typing  # noqa: E401, I001

NAMES = ("seq", "at", "principal", "act", "subject", "event", "commitment", "previous")
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
sha: typing.Callable[[bytes], bytes] = lambda data: hashlib.sha256(data).digest()  # noqa: E731


def head_of(line: bytes, key: str) -> tuple[int, str]:
    sealed = json.loads(line)
    kind, said = sealed["payloadType"].encode(), base64.b64decode(sealed["payload"], validate=True)
    if key:
        keys = __import__("cryptography.hazmat.primitives.serialization", fromlist=["_"])
        signed, by = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(said), said), sealed["signatures"][0]["sig"]
        keys.load_pem_public_key(pathlib.Path(key).read_bytes()).verify(base64.b64decode(by), signed)
    return json.loads(said)["predicate"]["size"], json.loads(said)["predicate"]["root"]


def main(ledger: typing.Iterable[bytes], anchor: str = "", key: str = "") -> None:
    heads = {head_of(line, key) for line in pathlib.Path(anchor).read_bytes().splitlines()} if anchor else set()
    if anchor and not heads:
        sys.exit("BROKEN: the anchor has no head")
    edge, size, last, root, end, sizes = list[bytes](), 0, "0" * 64, "", None, {head[0] for head in heads}
    for line in ledger:
        one, at = json.loads(line), size
        plain = not end and line == canonical(one).encode() + b"\n"
        if "seq" not in one:
            end, sizes = one if plain else {"not": "as written"}, {size}
        else:
            made, size = sha(canonical(["tidemill-ledger-1", *(one[name] for name in NAMES)]).encode()), size + 1
            told = said = one["commitment"]
            if {*one} != {*NAMES, "hash"}:  # the details, too, and nothing else
                said = len(one) == 11 and sha(bytes.fromhex(one["nonce"]) + canonical(one["details"]).encode()).hex()
            if not plain or [*map(one.get, ("seq", "previous", "hash"))] != [size, last, made.hex()] or said != told:
                sys.exit(f"BROKEN: record {size} or its details were changed, left out, put in or moved")
            leaf, last = sha(b"\0" + made), made.hex()
            while at & 1:  # RFC 6962: the edge has the roots of whole subtrees, one for each bit of the size
                leaf, at = sha(b"\1" + edge.pop() + leaf), at >> 1
            edge.append(leaf)
        if size in sizes:
            root = functools.reduce(lambda right, left: sha(b"\1" + left + right), edge[::-1] or [sha(b"")]).hex()
            heads.discard((size, root))
    if heads or end != {"records": size, "root": root}:
        sys.exit(f"BROKEN: cut after record {size}, or not what an anchor was told: {sorted(heads)[:1]}")
    print(f"{size} records hold, of the root {root}")


if __name__ == "__main__":
    main(open(sys.argv[1], "rb"), *sys.argv[2:])  # noqa: SIM115
