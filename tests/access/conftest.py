"""A project to give tokens in."""

from __future__ import annotations

from tests.serve.conftest import home, project

__all__ = ["home", "project"]
