"""The API is asked through the same project and app as the server."""

from tests.serve.conftest import home, project

__all__ = ["home", "project"]
