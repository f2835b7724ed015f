"""The card as a page of its own, to be looked at and printed: no script, nothing fetched, A4 or letter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any

from tidemill.model.card.facts import Facts
from tidemill.model.card.text import pieces
from tidemill.types import to_iso

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1b2430;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #d5dbe3}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0}dt{color:#5a6675}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.85rem;margin:.6rem 0}
th,td{border:1px solid #d5dbe3;padding:.25rem .4rem;text-align:left;vertical-align:top}th{background:#f3f5f8}
pre{white-space:pre-wrap;overflow-wrap:anywhere}ul{padding-left:1.2rem;margin:.4rem 0}footer{margin-top:2rem;color:#5a6675;font-size:.8rem}
@page{margin:18mm 16mm}
@media print{body{font-size:10.5pt;max-width:none;margin:0;padding:0}h2{break-after:avoid}tr,dl{break-inside:avoid}thead{display:table-header-group}}
"""


def html(facts: Facts, text: str) -> str:
    """The whole page. Names and texts of the project are text, never markup."""
    model = facts.model
    head = f"{model.name}, version {model.version}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(head)}</title><style>{STYLE}</style></head><body>\n"
        f"<header><h1>{escape(head)}</h1></header>\n{known(facts)}\n{body(text)}\n"
        f"<footer>{escape(facts.project)} · {escape(model.bundle)}</footer>\n</body></html>\n"
    )


def body(text: str) -> str:
    """The pieces of a card; headings below the page's own."""
    grouped = groupby(pieces(text), key=lambda piece: piece[0])
    return "\n".join(_piece(kind, [piece for _, piece in of]) for kind, of in grouped)


def _piece(kind: str, found: Sequence[Any]) -> str:
    if kind == "li":
        return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in found)}</ul>"
    if kind == "table":
        return "\n".join(_table(rows) for rows in found)
    tag = {"h": "h2", "pre": "pre"}.get(kind, "p")
    return "\n".join(f"<{tag}>{escape(one)}</{tag}>" for one in found)


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows or [[]]  # a line of dashes alone
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rest)
    return f"<table><thead><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr></thead><tbody>{lines}</tbody></table>"


def known(facts: Facts) -> str:
    """What stands above the text: when it was made, from what, who answers for it."""
    model = facts.model
    said = {
        "Made": to_iso(model.created),
        "Learned through": to_iso(model.trained_through),
        "From": ", ".join(f"{one.ref} ({one.rows:,} rows)" for one in facts.data),
        "By": model.author,
        "Answers for it": facts.owner,
        "Licence": facts.license,
        "Code": str(facts.run.code.get("commit") or "") if facts.run else "",
    }
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{escape(text)}</dd>' for name, text in said.items() if text)}</dl>"
