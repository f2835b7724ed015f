"""The control API as a face of the server: its handlers, loaded when the first request for one comes."""

from __future__ import annotations

from tidemill.api.table import VERBS, document
from tidemill.api.verbs import Verb, read
from tidemill.serve.http.faces import FaceHandler
from tidemill.serve.http.routes import Route
from tidemill.serve.serving import Serving

DOCUMENT: Verb = read("/api/openapi.json", document)


def face(serving: Serving) -> dict[Route, FaceHandler]:
    """The entry point ``tidemill.faces``."""
    return {verb.route: verb.handler(serving) for verb in (*VERBS, DOCUMENT)}
