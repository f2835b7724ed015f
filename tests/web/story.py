"""A shop with half a year of history, written through the stores: what the page looks at in its tests.

Everything follows from one seed. With ``hostile`` each free text of the story is one that would break a careless page.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.story_build import Building
from tests.web.story_live import Living
from tests.web.teller import HOSTILE, NOW, TEMPLATE
from tidemill.scope.project import open_project
from tidemill.types import DAY, HeldClock, named_id

__all__ = ["ALARM", "HOSTILE", "NOW", "Story", "make_root", "prediction_id", "tell"]


ALARM = named_id("event", "alarm", "model:shop@6", str(NOW // DAY * DAY - 2 * DAY))
"""The story's last alarm, which is open."""


class Story(Building, Living):
    """Writes the records of a project, one kind after the other."""

    def tell(self) -> None:
        self.data()
        self.models()
        self.runs()
        self.rollouts()
        self.experiment()
        self.windows()
        self.decisions()
        self.predictions()
        self.store.settings.set("loop", {"clock": NOW // DAY * DAY, "idle": True, "next_due": NOW // DAY * DAY + DAY})


def make_root(root: Path) -> Path:
    """The recipe's own project folder, without data files."""
    (root / "contracts").mkdir(parents=True)
    toml = (TEMPLATE / "tidemill.toml").read_text("utf-8").replace("{name}", "shop")
    toml = re.sub(r"^# (?=\[goal\]|measure =|owner =|least_useful =)", "", toml, flags=re.M)
    (root / "tidemill.toml").write_text(toml, "utf-8")
    (root / "contracts" / "sales.yaml").write_text((TEMPLATE / "contracts" / "sales.yaml").read_text("utf-8"), "utf-8")
    return root


def tell(root: Path, hostile: bool = False) -> None:
    """Make the project with its whole story in this folder."""
    with open_project(make_root(root), clock=HeldClock(NOW)) as project:
        Story(project, hostile).tell()


def prediction_id(i: int = 299) -> str:
    return named_id("pred", str(i))
