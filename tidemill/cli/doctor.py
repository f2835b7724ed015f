"""`tidemill doctor`: what could go wrong here, and how to mend it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tidemill.cli.output import emit, json_option, opened, project_option, table
from tidemill.errors import TidemillError

if TYPE_CHECKING:
    from tidemill.scope.project import Project

LEAST_FREE = 1_000_000_000  # bytes


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and what to do when it is not."""

    what: str
    well: bool
    said: str
    hint: str = ""


def examine(project: Project) -> list[Finding]:
    """Every check, in the order of the loop; a check that fails is a finding, not a stop."""
    checks: tuple[Callable[[Project], Iterator[Finding]], ...] = (_machine, _state, _data, _champion, _keys, _running)
    return [finding for check in checks for finding in _safely(check, project)]


def _safely(check: Callable[[Project], Iterator[Finding]], project: Project) -> list[Finding]:
    found = []
    try:
        for finding in check(project):
            found.append(finding)
    except (TidemillError, OSError) as exc:
        said, hint = str(exc), ""
        if isinstance(exc, TidemillError):
            said, hint = f"{exc.message} ({exc.place})" if exc.place else exc.message, exc.hint
        found.append(Finding(check.__name__.strip("_"), False, said, hint))
    return found


def _machine(project: Project) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version, "Tidemill needs 3.11 or newer")
    free = shutil.disk_usage(project.state).free
    yield Finding(
        "disk", free > LEAST_FREE, f"{free / 1e9:.1f} GB free", "make room: a full disk stops ingest and training"
    )


def _state(project: Project) -> Iterator[Finding]:
    mode = stat.S_IMODE(project.state.stat().st_mode)
    yield Finding("state folder", mode == 0o700, f".tidemill is {mode:04o}", f"chmod 700 {project.state}")


def _data(project: Project) -> Iterator[Finding]:
    from tidemill.data.contract.contract import Contract
    from tidemill.data.contract.freshness import staleness
    from tidemill.data.ingest.roles import lacking

    for name, data in project.config.data.items():
        contract = Contract.load(project.root / data.contract)
        roles = [role for role in ("time", "subject", "item", "value", "target") if getattr(contract, role)]
        error = lacking(project, name, contract)
        said = f"roles: {', '.join(roles) or 'none'}"
        yield Finding(
            f"contract {name}",
            error is None and contract.time is not None,
            f"{said}; {error.message}" if error else said,
            error.hint if error else "give one column the role 'time'",
        )
        versions = project.store.datasets.list(name)
        yield Finding(
            f"data {name}",
            bool(versions),
            f"{len(versions)} versions",
            "put files where its source looks, then: tidemill run",
        )
        if versions and contract.freshness is not None:
            stale = staleness(project, name, project.clock.now())
            yield Finding(
                f"freshness {name}",
                stale is None,
                str(stale) if stale else "as the contract promises",
                f"see why {data.source} brings nothing new; `freshness` in {data.contract} says how old rows may be",
            )


def _champion(project: Project) -> Iterator[Finding]:
    from tidemill.store.artifacts.codecs import get_bundle

    champion = project.store.releases.champion(project.config.endpoint)
    if champion is None:
        yield Finding("champion", False, "nothing is released", "tidemill run")
        return
    model = project.store.models.get(champion.model)
    get_bundle(project.artifacts, model.bundle)
    yield Finding("champion", True, f"{champion.model}: every byte matches its digest")
    if champion.previous is None:
        yield Finding("way back", True, "the first release: there is none before it to go back to")
    else:
        before = project.store.models.get(project.store.releases.get(champion.previous).model)
        get_bundle(project.artifacts, before.bundle)
        yield Finding("way back", True, f"{before.ref} can serve again")


def _keys(project: Project) -> Iterator[Finding]:
    from tidemill.release.signing.trust import public_keys

    if project.store.releases.list(project.config.endpoint):
        yield Finding("trust", True, f"releases are signed with the keys {public_keys(project).fingerprint}")
    for path in sorted(project.keys_dir.glob("*")):
        if path.suffix == ".pub" or not path.is_file():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        inside = project.root in path.resolve().parents
        yield Finding(
            f"key {path.stem}", mode & 0o077 == 0 and not inside, f"{path.name} is {mode:04o}", f"chmod 600 {path}"
        )


def _running(project: Project) -> Iterator[Finding]:
    import json

    from tidemill.serve.client import trouble, troubled

    up = project.state / "up.json"
    if up.exists():
        told = json.loads(up.read_text("utf-8"))
        alive = _alive(int(told["pid"]))
        yield Finding("server", alive, f"{told['url']}, process {told['pid']}", f"it is gone: rm {up} && tidemill up")
        for name, said in trouble(project.root).items():
            yield Finding(name, False, troubled(name, said), f"mend that; all of it is in .tidemill/logs/{name}.log")
    for run in project.store.runs.list(status="running"):
        lease = project.store.leases.get(f"run:{run.id}")
        yield Finding(
            f"run {run.id}", lease is not None, f"{run.pipeline}, owner {run.owner}", f"tidemill runs resume {run.id}"
        )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@click.command()
@project_option
@json_option
def doctor(folder: Path, as_json: bool) -> None:
    """Look for what could go wrong, and say how to mend it."""
    with opened(folder) as project:
        found = examine(project)
    rows = [("well" if f.well else "LOOK", f.what, f.said, "" if f.well else f.hint) for f in found]
    emit(found, as_json, lambda: table(("", "what", "said", "hint"), rows))
    if not all(f.well for f in found):
        raise click.exceptions.Exit(1)
