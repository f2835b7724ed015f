"""References: how one record names another, ``kind:name`` or ``kind:name@version``. Parsed here and nowhere else.

Kinds are model, dataset, release, prediction, decision, run, step, artifact, file, endpoint, features, project. The spelling is frozen:
releases are signed, and customers are drawn into canaries, by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidemill.errors import NotFound


@dataclass(frozen=True, slots=True)
class Ref:
    """One reference.

    >>> Ref.parse("model:shop@4"), str(Ref("dataset", "sales", 7))
    (Ref(kind='model', name='shop', version=4), 'dataset:sales@7')
    """

    kind: str
    name: str
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> Ref:
        """What this text names. A last part after ``@`` is a version where it is a number. Raises NotFound for no reference.

        >>> Ref.parse("file:sha256:5a")
        Ref(kind='file', name='sha256:5a', version=None)
        """
        kind, colon, rest = text.partition(":")
        if not kind or not colon or not rest:
            raise NotFound(f"{text!r} names nothing", hint="write it as model:shop@4, dataset:sales@7 or release:ID")
        name, at, version = rest.rpartition("@")
        if at and name and version.isascii() and version.isdigit():
            return cls(kind, name, int(version))
        return cls(kind, rest)

    @classmethod
    def versioned(cls, kind: str, text: str) -> tuple[str, int]:
        """Name and version of a reference of this kind, which may be written without it. Raises NotFound.

        >>> Ref.versioned("model", "shop@4") == Ref.versioned("model", "model:shop@4") == ("shop", 4)
        True
        """
        found = cls.parse(text if text.startswith(f"{kind}:") else f"{kind}:{text}")
        if found.version is None:
            raise NotFound(f"no {kind} {text!r}", hint=f"a {kind} is named {kind}:NAME@VERSION")
        return found.name, found.version

    @property
    def short(self) -> str:
        """As people call it: without the kind."""
        return self.name if self.version is None else f"{self.name}@{self.version}"

    def __str__(self) -> str:
        return f"{self.kind}:{self.short}"


def short_name(ref: str | None) -> str:
    """What people call a record, by its reference; nothing for none.

    >>> short_name("model:shop@4"), short_name(None)
    ('shop@4', '')
    """
    return Ref.parse(ref).short if ref else ""
