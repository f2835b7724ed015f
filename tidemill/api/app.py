"""The control API as a face of the server: its handlers, loaded when the first request for one comes."""

from __future__ import annotations

from typing import Any

from tidemill.api.table import VERBS
from tidemill.api.verbs import read
from tidemill.scope.project import Project
from tidemill.serve.http.app import FaceHandler
from tidemill.serve.http.routes import Route
from tidemill.serve.serving import Serving


def document(project: Project) -> dict[str, Any]:
    """The whole HTTP interface as an OpenAPI document."""
    from tidemill.api.openapi import document as describe

    return describe(project, VERBS)


def face(serving: Serving) -> dict[Route, FaceHandler]:
    """The entry point ``tidemill.faces``."""
    return {verb.route: verb.handler(serving) for verb in (*VERBS, read("/api/openapi.json", document, "project.read"))}
