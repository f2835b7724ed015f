"""A project of hourly hires: a table with a time and its own target, of nobody; for tests that need one from end to end."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = Path(__file__).parent / "template"


def new_hire(folder: Path, name: str = "hire") -> None:
    """Lay it out, without rows."""
    for source in sorted(
        path for path in TEMPLATE.rglob("*") if path.is_file() and path.suffix in (".toml", ".yaml", ".py")
    ):
        target = folder / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text("utf-8").replace("{name}", name), "utf-8")
    (folder / "data").mkdir(exist_ok=True)
