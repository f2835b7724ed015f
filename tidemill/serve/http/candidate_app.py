"""What a candidate's server serves: one bundle that nothing signed speaks for yet, to one asker, writing nothing down.

The process that starts it makes a ticket for this one digest, which loading the bundle uses up.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence

from tidemill.access import tokens as auth
from tidemill.access.tokens import TokenCache
from tidemill.release.variants import CANARY
from tidemill.scope.project import Project
from tidemill.serve.histories import Histories
from tidemill.serve.http.app import App
from tidemill.serve.loading import Loaded, load_scorer
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor, Served
from tidemill.serve.serving import Serving
from tidemill.store.records import Release, Token
from tidemill.types import SystemClock


def scope_of(digest: str) -> str:
    """What a ticket for this bundle is good for."""
    return f"load:{digest}"


def load_ahead() -> None:
    """Load what this server is going to need before it is told what to serve: it may be started ahead of time."""
    import tidemill.store.sql.live
    import tidemill.store.sql.sqlite
    import tidemill.store.sql.store  # noqa: F401

    gc.collect()
    gc.freeze()


def candidate_app(
    project: Project, digest: str, ticket: str, secret: str, subjects: Sequence[str] = (), endpoint: str | None = None
) -> App:
    """The application that serves this bundle alone, and knows the history of these subjects alone.

    Raises Unauthorized for a used ticket, and as `load_scorer`.
    """
    auth.redeem(project.store, ticket, scope_of(digest))
    metrics = Metrics()
    scope, histories = project.endpoint(endpoint), Histories(project.live)
    histories.load(project.live.online.rows_of(subjects))
    predictor = Predictor(scope, metrics, histories)
    release = Release("candidate", scope.name, "candidate", "canary", ({"share": 1.0},), 0, 0, 0)
    predictor.served = Served({CANARY: Loaded(release, digest, *load_scorer(project, digest))})
    only = Token("token_candidate", "candidate", auth.hashed(secret), ("predict",), 0)
    tokens = TokenCache(lambda: [only], lambda: 0)
    return App(
        Serving(project, metrics, {scope.name: predictor}, histories, tokens, SystemClock(), None, candidate=True),
        lambda: (),
    )
