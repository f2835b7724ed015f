"""A model card as it would be printed: the same page with nothing around it on paper."""

from __future__ import annotations

from markupsafe import Markup

from tidemill.model.card import page
from tidemill.model.card.facts import facts
from tidemill.ops import models
from tidemill.ops.evidence import card_text
from tidemill.web.site import Ask, Page, Shown


def card(ask: Ask) -> Shown:
    """Raises NotFound, Damaged."""
    found = models.show(ask.project, ask.params["model"]).model
    known, text = facts(ask.project, found), card_text(ask.project, found)
    values = {
        "ref": f"{found.name}@{found.version}",
        "m": found,
        "known": Markup(page.known(known)),  # noqa: S704 - made of escaped text
        "body": Markup(page.body(text)),  # noqa: S704
    }
    return Shown(f"{found.name}, version {found.version}", values)


PAGES = (Page("/models/{model}/card", "card.html", "models", card, "project.read"),)
