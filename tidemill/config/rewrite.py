"""tidemill.toml with other stores: only the lines of ``[stores]`` change, and what is written is read back before it counts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemill.config.decode import parse
from tidemill.config.stores import StoresSection
from tidemill.errors import ConfigError

_HEADER = re.compile(r"\s*\[\s*stores\s*\]\s*(#.*)?$")


def with_stores(text: str, addresses: Mapping[str, str], name: str = "tidemill.toml") -> str:
    """The text in which these keys of ``[stores]`` have these values; one with nothing is left out. Raises ConfigError.

    >>> toml = '[project]\\nname = "a"\\n[data.d]\\nsource = "*.csv"\\ncontract = "c"\\n[model]\\ntask = "recommend"\\n'
    >>> there = with_stores(toml, {"artifacts": "s3://models/a"})
    >>> there.splitlines()[-1], with_stores(there, {"artifacts": ""}) == toml + "\\n[stores]\\n"
    ('artifacts = "s3://models/a"', True)
    """
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if _HEADER.match(line)), None)
    if start is None:
        lines += ["", "[stores]"]
        start = len(lines) - 1
    end = next((i for i in range(start + 1, len(lines)) if lines[i].lstrip().startswith("[")), len(lines))
    kept = [line for line in lines[start + 1 : end] if _key(line) not in addresses]
    said = [f'{key} = "{address}"' for key, address in addresses.items() if address]
    made = "\n".join([*lines[: start + 1], *said, *kept, *lines[end:]]) + "\n"
    _must_say(made, addresses, name)
    return made


def _key(line: str) -> str:
    return line.partition("=")[0].strip().strip("\"'")


def _must_say(text: str, addresses: Mapping[str, str], name: str) -> None:
    try:
        found: StoresSection | None = parse(text, name).stores
    except ConfigError as exc:
        if exc.message.startswith("not valid TOML"):
            found = None
        else:
            raise
    if found is None or any(getattr(found, key) != address for key, address in addresses.items()):
        lines = ", ".join(f'{key} = "{address}"' for key, address in addresses.items())
        hint = f"write [stores] as a table of its own lines, as docs/reference.md shows it, and then: {lines}"
        raise ConfigError("the stores cannot be written into this file", place=name, hint=hint)
