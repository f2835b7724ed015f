"""Templates to HTML: escaped always, nothing undefined, and the headers that every answer of the page carries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from inspect import getmembers, isfunction
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tidemill.ops.questions.asked import name_of
from tidemill.ops.releases import tone as word_tone
from tidemill.ops.releases import word
from tidemill.ref import short_name
from tidemill.web import format as words
from tidemill.web.charts.wheel import ICONS, TONE_WORDS, home, tone
from tidemill.web.site import home_of, link

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
LIVE = "live_"  # Blocks whose names begin so are fragments: they are sent alone when something has changed

NAV_ICONS = {
    "overview": "M0-9a9 9 0 1 0 .01 0zM0-2.500a2.500 2.500 0 1 0 .01 0zM0-9v6.500M0 2.500V9M-9 0h6.500M2.500 0H9",
    "runs": "M-9-8h6v5h-6zM3-8h6v5h-6zM-3 3h6v5h-6zM-6-3v3.500h12V-3M0 .5V3",
    "releases": ICONS["release"],
    "models": ICONS["model"],
    "live": ICONS["monitor"],
    "data": ICONS["data"],
    "decisions": ICONS["decide"],
    "inbox": "M-8.500 1v7h17V1M-8.500 1l3-9h11l3 9M-8.500 1h5l1.500 3h4l1.500-3h5",
    "people": "M-3.500-8.500a3.500 3.500 0 1 0 .01 0zM-9.500 8c0-4 2.500-6 6-6s6 2 6 6M4-7.500a3 3 0 0 1 0 6M5.500 2.500c2.500.500 4 2.500 4 5.500",
    "ledger": "M-7-9H7V9H-7zM-3.500-4.500h7M-3.500 0h7M-3.500 4.500h4",
    "trace": "M-7 8a2.500 2.500 0 1 0 .01 0zM7-8.500a2.500 2.500 0 1 0 .01 0zM-4.500 7.500h5a4 4 0 0 0 0-8h-2a4 4 0 0 1 0-7.500h5.500",
}


@cache
def environment() -> Environment:
    """The one environment. Autoescape is on for every template, and a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("tidemill.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(getmembers(words, isfunction))
    made.filters |= {
        "home": home_of,
        "role_name": name_of,
        "ref": short_name,
        "word": word,
        "word_tone": word_tone,
        "part_home": home,
        "tone": tone,
    }
    made.globals.update(link=link, nav_icons=NAV_ICONS, tone_words=TONE_WORDS)
    made.globals["p"] = made.get_template("_parts.html").module
    return made


def page(template: str, values: Mapping[str, Any]) -> str:
    """The whole page."""
    return environment().get_template(template).render(values)


def fragments(template: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The parts of the page that change by themselves, by name."""
    found = environment().get_template(template)
    context = found.new_context(dict(values))
    return {name: "".join(block(context)) for name, block in found.blocks.items() if name.startswith(LIVE)}
