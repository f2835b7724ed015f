"""The correction in a process of its own: ``python -m tidemill.rights.rectify.apart ROOT`` is told what, and says the version or an error."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill import errors
from tidemill.errors import StepTimeout, StoreError, TidemillError
from tidemill.process.child import Child
from tidemill.process.guarded import parent
from tidemill.process.supervised import log_file
from tidemill.types import HeldClock, JsonObject

if TYPE_CHECKING:
    from tidemill.data.ingest.rectify import Values
    from tidemill.rights.limits.people import Person
    from tidemill.scope.project import Project

SECONDS = 60.0
"""Within which it is online, or refused."""


@dataclass(frozen=True)
class Corrected:
    """``columns``: those that say something else now; none where the row said so already, and then there is no new version."""

    version: int
    columns: tuple[str, ...]


def correct(project: Project, who: Person, dataset: str, key: Values, said: Values) -> Corrected:
    """Correct this person's row. Raises what `tidemill.data.ingest.rectify.correction` raises; then nothing is changed."""
    asked: JsonObject = {"dataset": dataset, "key": dict(key), "set": dict(said), "kind": who.kind, "subject": who.name}
    asked["at"] = project.clock.now()
    root = [str(project.root), project.environment]
    with log_file(project.logs, "rectify") as log, Child(__name__, root, log=log) as child:
        try:
            told = child.ask(asked, SECONDS)
        except TimeoutError as exc:
            hint = "ask again: what was begun is made good, and what is done is not done twice"
            raise StepTimeout(f"it was not corrected within {SECONDS:g} s", place=dataset, hint=hint) from exc
    if told is None:
        raise StoreError("the process that corrects died", place=dataset, hint="see .tidemill/logs/rectify.log")
    if "failed" in told:
        raise _raised(told["failed"])
    return Corrected(int(told["version"]), tuple(told["columns"]))


def _raised(told: JsonObject) -> TidemillError:
    kind = getattr(errors, told["error"], StoreError)
    raised: TidemillError = kind(told["detail"], place=told["place"], hint=told["hint"])
    return raised


def main(root: str, environment: str) -> None:
    from tidemill.data.contract.contract import load_contract
    from tidemill.data.ingest.rectify import correction
    from tidemill.scope.project import open_project

    channel = parent()
    asked = channel.receive() if channel is not None else None
    if channel is None or asked is None:
        raise SystemExit("the verb starts this process")
    try:
        with open_project(Path(root), environment=environment or None, clock=HeldClock(asked["at"])) as project:
            mine = load_contract(project, asked["dataset"]).subject == asked["kind"]
            theirs = (lambda name: name == asked["subject"]) if mine else (lambda name: False)
            with correction(project, asked["dataset"], asked["key"], asked["set"], theirs) as found:
                version = found.make().version if found.columns else found.standing
                channel.send({"version": version, "columns": list(found.columns)})
    except TidemillError as exc:
        told = exc.problem()
        whole = {"detail": told["detail"], "place": told["place"], "hint": told["hint"], "error": type(exc).__name__}
        channel.send({"failed": whole})


if __name__ == "__main__":
    main(*sys.argv[1:])
