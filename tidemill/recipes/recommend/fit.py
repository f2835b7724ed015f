"""What the shop of the demo needs otherwise than the recipe's template, which is strict: three lines, and why."""

from __future__ import annotations

from pathlib import Path

from tidemill.errors import ConfigError

CONTRACT, CONFIG = "contracts/sales.yaml", "tidemill.toml"
FITS = (
    (
        CONTRACT,
        """# beyond this share of bad rows a file is refused
        value: 0.05
""",
        """# beyond this share of bad rows a file is refused: the shop's own export
        value: 0.60                    # repeats 1 to 9 December 2010, up to 57 % of a day
""",
    ),
    (CONTRACT, "{ minLength: 1, maxLength: 40 }", """{ pattern: "^C?[0-9]{6}$" }"""),  # a C begins a cancellation
    (
        CONFIG,
        """# with few requests even an equal refit may fail at a narrow margin: each verdict says how often
refit = { not_inferior_to = "champion", metric = "recall@20", margin = "2 %", confidence = 0.95 }""",
        """# a shop of this size has some 400 requests in four weeks: with a margin of 2 % even an equal refit fails two tests of five
refit = { not_inferior_to = "champion", metric = "recall@20", margin = "4 %", confidence = 0.95 }""",
    ),
)
"""(file, the template's words, the shop's)"""


def fit_to_shop(folder: Path) -> None:
    """Make a new project of the recipe fit the shop's own files. Raises ConfigError when it is not as the template made it."""
    for name, template, own in FITS:
        path = folder / name
        text = path.read_text("utf-8")
        if text.count(template) != 1:
            raise ConfigError("this is not the file of the recipe", place=name, hint="play in a new folder")
        path.write_text(text.replace(template, own), "utf-8")
