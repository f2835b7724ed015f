"""Why did it retrain, and why not: each decision with the evidence that it was taken from."""

from __future__ import annotations

from typing import Any

from tidemill.ops import records
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.site import Ask, Page, Shown, by_key, home_of
from tidemill.web.talk import talk


def decisions(ask: Ask) -> Shown:
    everything = ask.text("all") == "1"

    def verb(project: Project, all: str | None, **where: Any) -> Any:
        return records.decisions(project, None if all else "retrain", **where)

    part = by_key(ask, "/decisions", verb, export="decisions", all="1" if everything else None)
    score = records.score(ask.project, limit=20, endpoint=ask.text("endpoint"))
    return Shown("Decisions", {"part": part, "everything": everything, "score": score})


def decision(ask: Ask) -> Shown:
    found = records.decision(ask.project, ask.params["decision"])
    evidence = found.evidence
    values = {
        "d": found,
        "run": home_of(str(Ref("run", found.run))) if found.run else None,
        "alarms": evidence.get("alarms", ()),
        "attempts": evidence.get("attempts", ())[-10:],
        "rows": _rows(evidence.get("rows") or {}),
        "champion": evidence.get("champion"),
        "talk": talk(ask, f"decision:{found.id}"),
        "under_way": evidence.get("under_way"),
    }
    return Shown(f"Decision of {words.when(found.at)}", values)


def _rows(rows: JsonObject) -> JsonObject | None:
    """How many rows there are beside how many the champion was trained on."""
    trained, now = rows.get("trained") or 0, rows.get("now")
    if not now:
        return None
    parts = [("trained on", float(trained), "s1"), ("new", float(max(now - trained, 0)), "s2")]
    bar = bars.share_bar("Rows of data", parts, width=520)
    share = (now - trained) / trained if trained else None
    return {"trained": trained, "now": now, "new": now - trained, "share": share, "bar": bar}


PAGES = (
    Page("/decisions", "decisions.html", "decisions", decisions, "project.read"),
    Page("/decisions/{decision}", "decision.html", "decisions", decision, "project.read"),
)
