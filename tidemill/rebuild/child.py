"""The clean process: ``python -m tidemill.rebuild.child``. It opens the copy, runs a pipeline there, and says the run's id."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.errors import TidemillError
from tidemill.process.channel import Channel
from tidemill.process.guarded import parent
from tidemill.process.memory import memory_within
from tidemill.types import HeldClock, JsonObject

if TYPE_CHECKING:
    from tidemill.engine import Pipeline

STEPS = 8  # of the model pipeline


def main() -> None:
    """The child's side."""
    channel = parent()
    asked = channel.receive() if channel is not None else None
    if channel is None or asked is None:
        raise SystemExit("a rebuild starts this process")
    os.environ.update(asked["threads"])
    try:
        with memory_within(asked["memory"]):
            done = _built(asked, channel)
    except TidemillError as exc:
        told = exc.problem()
        whole = {"detail": told["detail"], "place": told["place"], "hint": told["hint"], "error": type(exc).__name__}
        channel.send({"failed": whole})
    else:
        sys.stdout.flush()
        channel.send({"done": done})


def _built(asked: JsonObject, channel: Channel) -> str:
    from tidemill.model.pipeline import model_pipeline
    from tidemill.rebuild.bisect.trial import away_pipeline
    from tidemill.scope.project import open_project

    pipelines: dict[str, Pipeline[..., Any]] = {"model": model_pipeline, "away": away_pipeline}
    done: set[str] = set()

    def hear(event: object) -> None:
        kind, step = getattr(event, "kind", ""), getattr(event, "step", "")
        if kind in ("finished", "cached"):
            done.add(step)
        if kind in ("started", "finished"):
            channel.send({"progress": [len(done), STEPS, step]})

    with open_project(Path(asked["root"]), clock=HeldClock(asked["at"])) as copy:
        return str(copy.engine(own_code=False).run(pipelines[asked["pipeline"]], asked["params"], on_event=hear).run.id)


if __name__ == "__main__":
    main()
