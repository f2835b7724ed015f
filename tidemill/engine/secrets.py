"""Parameters of a run that are secrets, by their names: a step gets them as they are, and no record ever holds them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAMED = re.compile(
    r"(^|_)(pass(word|wd|phrase)?|pwd|secrets?|tokens?|credentials?|(api|access|private|secret|signing)_?key)$", re.I
)
_COUNTED = re.compile(r"^(max(imum)?|min(imum)?|n|num(ber)?(_of)?|total|count|first|last|every|per|limit)_", re.I)
"""How names begin that say how many of them: max_tokens."""
_MARK = "secret:"
_LEAST = 4
"""Letters from which on a secret is looked for inside longer texts."""


def is_secret(name: str) -> bool:
    """Whether a parameter of this name is one.

    >>> [name for name in ("password", "DB_PASSWORD", "api_key", "key", "max_tokens", "tokenizer") if is_secret(name)]
    ['password', 'DB_PASSWORD', 'api_key']
    """
    return _NAMED.search(name) is not None and not (_COUNTED.match(name) and name.lower().endswith(("tokens", "pass")))


def holds_secret(params: Mapping[str, Any]) -> bool:
    """Whether these parameters, as a record keeps them, stand for a secret that nobody kept."""
    return any(value.startswith(_MARK) for value in _found(params) if isinstance(value, str))


def _found(tree: Any, named: bool = False) -> Iterator[Any]:
    """What stands under the name of a secret, at whatever depth."""
    if isinstance(tree, Mapping):
        for name, part in tree.items():
            yield from _found(part, named or is_secret(str(name)))
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from _found(part, named)
    elif named:
        yield tree


class Secrets:
    """The secrets among the parameters of one run. `hide` puts a slow digest of each in its place, the same in every run
    of the project: whether it changed can be told, and what it was cannot.

    >>> secrets = Secrets({"n": 2, "password": "geheim"}, "project_1")
    >>> secrets.hide(["as ann:geheim@db", 2])[0].partition("secret:")[0]
    'as ann:'
    """

    def __init__(self, params: Mapping[str, Any], salt: str) -> None:
        texts = {str(value) for value in _found(params) if _said(value)}
        self._hidden = {text: _digest(text, salt) for text in sorted(texts, key=len, reverse=True)}

    def hide(self, value: Any) -> Any:
        """The value with none of them in it, at whatever depth."""
        if not self._hidden:
            return value
        if isinstance(value, str):
            return self._in_text(value)
        if isinstance(value, Mapping):
            return {key: self.hide(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide(part) for part in value] if isinstance(value, list) else tuple(map(self.hide, value))
        whole = isinstance(value, int | float) and not isinstance(value, bool)
        return self._hidden.get(str(value), value) if whole else value

    def _in_text(self, text: str) -> str:
        for secret, hidden in self._hidden.items():
            if text == secret:
                return hidden
            if len(secret) >= _LEAST:
                text = text.replace(secret, hidden)
        return text


def _said(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _digest(text: str, salt: str) -> str:
    """Some tens of milliseconds, so that a list of likely passwords takes its time."""
    found = hashlib.scrypt(text.encode("utf-8", "surrogatepass"), salt=salt.encode(), n=2**14, r=8, p=1, dklen=12)
    return _MARK + found.hex()
