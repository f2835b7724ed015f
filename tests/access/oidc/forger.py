"""An identity provider that lies, for what a real one will not say: each of its answers can be another one."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT = "tidemill"
KEY = ECKey.generate_key("P-256", {"kid": "one"})
OTHER = ECKey.generate_key("P-256", {"kid": "one"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


def unsigned(head: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    """A token of this head, as it stands."""
    parts = (base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (head, claims))
    return ".".join([*parts, signature])


def by_public_key(claims: dict[str, Any]) -> str:
    """HS256 with what everybody knows of the provider: its public key."""
    head = unsigned({"alg": "HS256", "kid": "rsa"}, claims)[:-1]
    made = hmac.new(RSA.as_pem(private=False), head.encode(), "sha256").digest()
    return f"{head}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


@dataclass
class Forger:
    """``claims``: over those that would be right; ``token``: in place of the ID token; ``answers``: whole answers by path: status and body;
    ``asked``: the paths that were asked for."""

    issuer: str = ""
    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    token: Any = None
    userinfo: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [KEY.as_dict(private=False), RSA.as_dict(private=False)])
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def right(self) -> dict[str, Any]:
        """The claims of a token that is as it should be, with those of the test's own."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "sub": "ann", "exp": now + 300, "iat": now, "nonce": self.nonce}
        said |= {"groups": ["ml-team"], "name": "Ann", "preferred_username": "ann"}
        return {name: value for name, value in {**said, **self.claims}.items() if name not in self.drop}

    def signed(self, key: Any = KEY, algorithm: str = "ES256", **head: Any) -> str:
        return jwt.encode({"alg": algorithm, "kid": key.kid, **head}, self.right(), key, [algorithm])

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(path)
        if form:
            self.forms.append(form)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "auth", "token_endpoint": "token", "userinfo_endpoint": "me"}
            said = {name: f"{self.issuer}/{end}" for name, end in names.items()} | {"jwks_uri": f"{self.issuer}/keys"}
            return 200, json.dumps({"issuer": self.issuer, **said, **self.discovery}).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": self.keys}).encode()
        if path == "/token":
            token = self.token(self) if self.token else self.signed()
            said = {"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": token}
            return 200, json.dumps({**said, **self.extra}).encode()
        if path == "/me":
            return 200, json.dumps({"sub": "ann", **self.userinfo}).encode()
        return 404, b"{}"


def _handler(forger: Forger) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            status, body = forger.answer(urlsplit(self.path).path, form)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("location", body.decode())
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass  # it was more than the other side takes

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def forging() -> Iterator[Forger]:
    forger = Forger()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(forger))
    server.daemon_threads = True
    forger.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield forger
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
