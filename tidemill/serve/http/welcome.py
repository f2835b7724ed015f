"""The one page for those who are not let in, or went astray: what is the matter, and how to log in. Needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from tidemill.errors import TidemillError

_STYLE = """
:root{color-scheme:light dark;--paper:#f4f6f3;--sheet:#fff;--ink:#14211f;--soft:#4d5f5b;--line:#dde4df;--water:#0b6b76}
@media (prefers-color-scheme:dark){:root{--paper:#0d1413;--sheet:#141d1c;--ink:#e7efec;--soft:#b3c2be;--line:#243230;--water:#58c6cd}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:400 16px/1.55 "Inter","Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif}
main{box-sizing:border-box;width:min(30rem,calc(100vw - 2rem));margin:1rem 0;padding:2rem;
background:var(--sheet);border:1px solid var(--line);border-radius:16px}
svg{width:3.2rem;height:3.2rem;fill:none;stroke:var(--water);stroke-width:2;stroke-linecap:round}
h1{margin:.8rem 0 .5rem;font-size:1.5rem;line-height:1.2;letter-spacing:-.015em}
p{margin:.6rem 0 0;color:var(--soft);overflow-wrap:anywhere}
code{font:.875rem "JetBrains Mono",Consolas,"Liberation Mono",monospace;color:var(--ink)}
a{color:var(--water)}
label{display:block;margin:.9rem 0 0;color:var(--soft)}
input,button{box-sizing:border-box;width:100%;margin:.3rem 0 0;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--paper);
border:1px solid var(--line);border-radius:8px}
button,.button{display:block;margin-top:1.2rem;padding:.6rem .7rem;font-weight:600;text-align:center;text-decoration:none;border-radius:8px;
color:var(--sheet);background:var(--water);border:1px solid var(--water);cursor:pointer}
.button{color:var(--water);background:none}
p.apart{margin-top:1.4rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.875rem}
p.said{margin-top:1rem;padding:.6rem .8rem;border-radius:8px;background:var(--paper);color:var(--ink)}
:focus-visible{outline:2.5px solid var(--water);outline-offset:2px}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action "
_WHEEL = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="14" r="9.5"/><circle cx="16" cy="14" r="2.5"/>'
    '<path d="M16 4.500v7M16 16.500v7M6.500 14h7M18.500 14h7M9.300 7.300l5 5M17.700 15.700l5 5M22.700 7.300l-5 5M14.300 15.700l-5 5'
    'M4 28q3-2 6 0t6 0 6 0 6 0"/></svg>'
)
_LOG_IN = (
    "The page opens by an address that works once: <code>tidemill login</code> prints one, "
    "<code>/login?code=…</code>, where the server runs."
)
_FORM = (
    '<form method="post" action="/login"><label>Name<input name="name" autocomplete="username" autocapitalize="none" required></label>'
    '<label>Password<input name="password" type="password" autocomplete="current-password" required></label>'
    "<button>Log in</button></form>"
)
"""For who has an account."""


def page(exc: TidemillError, form: bool = False, provider: str = "") -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The error as a page of its own: status, headers, body. ``form``: with the one to log in by; ``provider``: what is said
    on the way to the identity provider, where there is one."""
    title, more = _TITLES.get(exc.status, "That did not work"), _BACK
    if form or exc.status == 401:
        there = f'<a class="button" href="/login/oidc">{escape(provider)}</a>' if provider else ""
        beside = ' class="apart"' if form or there else ""
        title, more = "Log in", f"{_FORM * form}{there}<p{beside}>{_LOG_IN}</p>"
    refused = ' class="said" role="alert"' if form else ""
    said = "" if exc.status == 401 and exc.message == "who is asking?" else f"<p{refused}>{escape(exc.message)}</p>"
    said += f"<p>{escape(exc.hint)}</p>" if exc.hint and exc.status != 401 else ""
    return exc.status, _with_policy("'self'" if form else "'none'"), _whole(title, f"{said}{more}")


def onward(title: str, to: str, cookies: list[tuple[bytes, bytes]]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """A page that goes on to this address by itself."""
    there = escape(to)
    more = f'<p><a href="{there}">Go on</a></p>'
    return (
        200,
        [*_with_policy("'none'"), *cookies],
        _whole(title, more, f'<meta http-equiv="refresh" content="0;url={there}">'),
    )


def _whole(title: str, text: str, more: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · Tidemill</title>{more}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><main>{_WHEEL}<h1>{title}</h1>{text}</main></body></html>"
    ).encode()


_TITLES = {403: "Not allowed", 404: "Not here", 405: "Not here", 503: "Not now"}
_BACK = '<p><a href="/">To the overview</a></p>'
_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # with none at all a browser says of the form that it comes from nowhere
    (b"cache-control", b"no-store"),
]


def _with_policy(forms: str) -> list[tuple[bytes, bytes]]:
    """``forms``: where they may be sent."""
    return [*_HEADERS, (b"content-security-policy", f"{_POLICY}{forms}".encode())]
