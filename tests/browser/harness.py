"""The page's server in a process of its own.

``python -m tests.browser.harness ROOT`` prints one line of JSON: the port, and codes that log in once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.web.serving import app, traced
from tests.web.story import NOW
from tidemill.access import tokens as auth
from tidemill.scope.project import open_project
from tidemill.serve.http.server import listen, run
from tidemill.types import HeldClock
from tidemill.web.pages import trace

CODES = 60


def main(root: Path) -> None:
    trace._traced = traced
    listening = listen("127.0.0.1", 0)
    with open_project(root, clock=HeldClock(NOW)) as project:
        port = listening.getsockname()[1]
        codes = [auth.issue_code(project.store) for _ in range(CODES)]
        told = {"port": port, "codes": codes}
        run(app(project), listening, lambda: print(json.dumps(told), flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
