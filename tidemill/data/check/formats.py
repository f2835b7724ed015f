"""How times are written, in the letters of the standard (Java's) and in those of strftime. Stdlib only: the server reads by them, too."""

from __future__ import annotations

_JAVA = (
    ("yyyy", "%Y"),
    ("MM", "%m"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("mm", "%M"),
    (".SSSSSS", "%.f"),
    (".SSS", "%.f"),
    ("ss", "%S"),
)


def strftime(pattern: str) -> str:
    """The standard writes formats as Java does (yyyy-MM-dd HH:mm:ss)."""
    for java, strf in _JAVA:
        pattern = pattern.replace(java, strf)
    return pattern
