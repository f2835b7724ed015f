"""Why did it retrain, and why not: each decision with the evidence that it was taken from."""

from __future__ import annotations

from functools import partial
from typing import Any

from tidemill.store.records import Decision
from tidemill.web import format as words
from tidemill.web.charts import bars
from tidemill.web.site import Ask, Page, Shown, by_key, home_of


def decisions(ask: Ask) -> Shown:
    store = ask.project.store.decisions
    everything = ask.text("all") == "1"
    if everything:
        part = by_key(
            ask,
            "/decisions",
            lambda before, limit, **_: store.page(before=before, limit=limit),
            export="decisions",
            all="1",
        )
    else:
        part = by_key(ask, "/decisions", partial(store.page, action="retrain"), export="decisions")
    return Shown("Decisions", {"part": part, "everything": everything})


def decision(ask: Ask) -> Shown:
    found = ask.project.store.decisions.get(ask.params["decision"])
    evidence = found.evidence
    values: dict[str, Any] = {
        "d": found,
        "run": home_of(f"run:{found.run}") if found.run else None,
        "alarms": [a for a in evidence.get("alarms", ()) if isinstance(a, dict)],
        "attempts": [a for a in evidence.get("attempts", ()) if isinstance(a, dict)][-10:],
        "rows": _rows(found),
        "champion": evidence.get("champion"),
        "champion_home": home_of(str(evidence.get("champion") or "")),
        "under_way": evidence.get("under_way"),
    }
    return Shown(f"Decision of {words.when(found.at)}", values)


def _rows(found: Decision) -> Any:
    """How many rows there are beside how many the champion was trained on."""
    rows = found.evidence.get("rows")
    if not isinstance(rows, dict) or not rows.get("now"):
        return None
    trained, now = int(rows.get("trained") or 0), int(rows["now"])
    return {
        "trained": trained,
        "now": now,
        "new": now - trained,
        "share": (now - trained) / trained if trained else None,
        "bar": bars.share_bar(
            "Rows of data",
            [("trained on", float(trained), "s1"), ("new", float(max(now - trained, 0)), "s2")],
            width=520,
        ),
    }


PAGES = (
    Page("/decisions", "decisions.html", "decisions", decisions),
    Page("/decisions/{decision}", "decision.html", "decisions", decision),
)
