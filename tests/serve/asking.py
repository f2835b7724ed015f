"""A served project in this process: real stores, an injected scorer, requests put straight to the ASGI app."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tidemill.access import tokens as auth
from tidemill.features.items import begun
from tidemill.scope.project import Project, open_project
from tidemill.serve.histories import Histories
from tidemill.serve.http.app import App
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.replay import ReplayClock
from tidemill.serve.served import Loaded, Served
from tidemill.serve.serving import Serving
from tidemill.store.records import Release
from tidemill.tasks.table import task_of
from tidemill.types import DAY, HeldClock

TOML = """
[project]
name = "shop"

[data.sales]
source = "data/*.parquet"
contract = "contracts/sales.yaml"

[model]
task = "recommend"
"""
CUSTOMERS = """
apiVersion: v3.1.0
kind: DataContract
id: sales
version: 1.0.0
schema:
  - name: sales
    customProperties: [{ property: tidemill.key, value: [receipt] }]
    properties:
      - { name: receipt, logicalType: string, required: true }
      - { name: value, logicalType: integer, customProperties: [{ property: tidemill.role, value: value }] }
      - { name: customer_id, logicalType: string, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: item, logicalType: string, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: at, logicalType: timestamp, customProperties: [{ property: tidemill.role, value: time }] }
"""
OWN = "the asker's own"
NOON = 15_000 * DAY + DAY // 2


class Everything:
    """A catalogue in which any item is."""

    def __contains__(self, item: object) -> bool:
        return True


class BuyAgain:
    """The items of the history by their counts; a stand-in for a bundle's scorer."""

    half_life, catalogue = 30 * DAY, Everything()

    def recommend(self, items: Sequence[str], values: Any, at: int, k: int) -> tuple[list[str], Any]:
        order = sorted(range(len(items)), key=lambda i: (-values[i], items[i]))[:k]
        return [items[i] for i in order] or ["popular"], np.array([values[i] for i in order] or [0.0])


def release(name: str = "rel_1", model: str = "model:shop@1", share: float = 0.5) -> Release:
    return Release(name, "shop", model, "champion", ({"share": share},), 0, 0, 0)


def opened(root: Path) -> Project:
    """A new project in this folder, whose clock stands at NOON."""
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML)
    return open_project(root, clock=HeldClock(NOON))


def about_customers(project: Project) -> None:
    """Its contract says whom the rows are about. Whoever serves reads it when it begins."""
    path = project.root / "contracts" / "sales.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CUSTOMERS)


@dataclass
class Heard:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Asker:
    """Sends requests to the app as granian would."""

    app: App
    token: str | None
    port: int = 8080

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = OWN,
        host: str | None = "127.0.0.1:8080",
        parts: Sequence[bytes] | None = None,
    ) -> Heard:
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        sent = [(b"content-type", b"application/json")]
        if parts is None:
            sent.append((b"content-length", str(len(data)).encode()))
        if host is not None:
            sent.append((b"host", host.encode()))
        bearer = self.token if token is OWN else token
        if bearer is not None:
            sent.append((b"authorization", f"Bearer {bearer}".encode()))
        sent += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        path, _, query = path.partition("?")
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": sent}
        chunks: Any = parts if parts is not None else [data]
        heard = Heard()

        async def receive() -> dict[str, Any]:
            if chunks:
                return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}
            return await asyncio.Future()

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                heard.status = message["status"]
                heard.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                heard.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return heard


@asynccontextmanager
async def alive(app: App, token: str | None = None) -> AsyncIterator[Asker]:
    app.serving.begin()
    try:
        yield Asker(app, token)
    finally:
        await app.serving.end()


def make_app(project: Project, champion: Any = None, canary: Any = None, faces: Sequence[Any] = ()) -> App:
    """An app whose models are the given scorers (no champion: a `BuyAgain`)."""
    metrics = Metrics()
    histories = Histories(project.live, items=begun(project))
    predictor = Predictor(project.endpoint(), metrics, histories)
    predictor.refresh()
    variants = {"champion": Loaded(release(), "sha256:a", champion or BuyAgain(), task_of("recommend"))}
    if canary is not None:
        variants["canary"] = Loaded(release("rel_2", "model:shop@2"), "sha256:b", canary, task_of("recommend"))
    predictor.served = Served(variants, project.store.releases.revision())
    clock = ReplayClock(project) if project.replay else None
    tokens = auth.cache(project.store)
    predictors = {predictor.endpoint: predictor}
    serving = Serving(project, metrics, predictors, histories, tokens, clock or project.clock, clock)
    histories.follow()
    metrics.history.set(histories.seq)
    return App(serving, lambda: faces)
