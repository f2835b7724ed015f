"""What could go wrong here, and how to mend it: the machine, the contracts, the bytes of what serves, the keys, the loop."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.access.policy import policy_of
from tidemill.errors import ConfigError, ContractError, StoreError, TidemillError
from tidemill.ops.away import away, said_of
from tidemill.ops.parts import MOST_APART, apart
from tidemill.ops.policy import declared, troubles
from tidemill.ops.ruled import lately
from tidemill.ops.status import status
from tidemill.rules.kept import check_project as check_rules
from tidemill.serve.client import here, troubled
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

LEAST_FREE = 1_000_000_000  # bytes


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and what to do when it is not."""

    what: str
    well: bool
    message: str
    hint: str = ""


def examine(project: Project) -> list[Finding]:
    """Every check, in the order of the loop; a check that fails is a finding, not a stop."""
    checks: tuple[Callable[[Project], Iterator[Finding]], ...] = (
        _machine,
        _stores,
        _data,
        _items,
        _sources,
        _champion,
        _keys,
        _rules,
        _ledger,
        _requests,
        _policy,
        _loop,
    )
    return [finding for check in checks for finding in _safely(check, project)]


def examine_away(root: Path, exc: StoreError) -> list[Finding]:
    """What can be looked at where the stores cannot be opened, and why they cannot be. Raises ConfigError."""
    found, state = away(root), root / ".tidemill"
    findings = [*_local(state), *_state(state)] if state.is_dir() else [*_local(root)]
    findings.append(Finding("stores", False, said_of(root, exc), exc.hint))
    hint = "tidemill up starts it"
    for name in found.endpoints:
        said = found.server.get(name, "")
        findings.append(Finding(f"endpoint {name}", said == "ok", said or "no server answers here", hint))
    findings += [
        Finding(name, False, troubled(name, told), "its log is in .tidemill/logs/")
        for name, told in found.trouble.items()
    ]
    findings.append(
        Finding("not looked at", False, "data, releases, keys, rules, the loop: their records cannot be read", "")
    )
    return findings


def _safely(check: Callable[[Project], Iterator[Finding]], project: Project) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(project))
    except (TidemillError, OSError) as exc:
        message, hint = str(exc), ""
        if isinstance(exc, TidemillError):
            message, hint = f"{exc.message} ({exc.place})" if exc.place else exc.message, exc.hint
        found.append(Finding(check.__name__.strip("_"), False, message, hint))
    return found


def _machine(project: Project) -> Iterator[Finding]:
    yield from _local(project.state)
    skew = project.store.skew()
    well = abs(skew) <= MOST_APART
    yield Finding("clock", well, "as the database's" if well else f"{apart(skew)} the database's", "set it by NTP")
    yield from _state(project.state)


def _local(folder: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), version, "Tidemill needs 3.11 or newer")
    free = shutil.disk_usage(folder).free
    hint = "make room: a full disk stops ingest and training"
    yield Finding("disk", free > LEAST_FREE, f"{free / 1e9:.1f} GB free", hint)


def _state(state: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(state.stat().st_mode)
    yield Finding("state folder", mode == 0o700, f".tidemill is {mode:04o}", f"chmod 700 {state}")


def _stores(project: Project) -> Iterator[Finding]:
    """The buckets: reached, the project's own, and written to just now."""
    said = project.stores_at.said
    for kind in ("artifacts", "tables"):
        if address := getattr(said, kind):
            from tidemill.store.bucket import Bucket

            bucket = Bucket(address)
            bucket.claim(project.id)
            yield Finding(kind, True, f"{bucket.place} takes what is written, and once what is to be made once")


def _data(project: Project) -> Iterator[Finding]:
    from tidemill.data.contract.contract import Contract
    from tidemill.data.contract.odcs import ROLES
    from tidemill.model.prepare import check_inputs

    for name, data in project.datasets.items():
        contract = Contract.load(project.root / data.contract)
        roles = [role for role in ROLES if getattr(contract, role)]
        what, listed = f"contract {name}", f"roles: {', '.join(roles) or 'none'}"
        try:
            for model in data.models:
                check_inputs(model)
            yield Finding(what, True, listed)
        except (ConfigError, ContractError) as exc:
            yield Finding(what, False, f"{listed}; {exc.message}", exc.hint)


def _items(project: Project) -> Iterator[Finding]:
    """The tables of items: how many are known of each, and that no column is of two."""
    from tidemill.data.contract.items import item_tables

    of = dict[str, str]()
    for name, columns in item_tables(project).items():
        twice = [f"{one} (of {of[one]}, too)" for one in columns.values if of.setdefault(one, name) != name]
        known = project.live.items.count_now(name)
        message = f"a table of items: {known:,} {'are' if known != 1 else 'is'} known"
        hint = "give it another name: answers read the other dataset's"
        yield Finding(f"items {name}", not twice, "; ".join([message, *twice]), hint if twice else "")


def _sources(project: Project) -> Iterator[Finding]:
    """Of a team: whether the loop of this machine has the files that it would read. A checkout has none of what git ignores."""
    from tidemill.data.discover.sources import FUNCTION, there

    if not project.store.remote or "loop" not in here(project.root) or project.promoted_from:
        return
    hint = "mount the folder of these files here, too; or leave the loop to other machines: tidemill up --no-loop"
    for name, data in project.datasets.items():
        if not data.source.startswith(FUNCTION) and not there(project.root, data.source):
            yield Finding(f"source {name}", False, f"no file here is of {data.source}: nothing new comes in", hint)


def _champion(project: Project) -> Iterator[Finding]:
    from tidemill.store.artifacts.codecs import get_bundle

    store = project.store
    for champion in filter(None, map(store.releases.champion, project.endpoints)):
        get_bundle(project.artifacts, store.models.get(champion.model).bundle)
        yield Finding("champion", True, f"{champion.model}: every byte matches its digest")
        way_back = "the first release: there is none before it to go back to"
        if champion.previous is not None:
            before = store.models.get(store.releases.get(champion.previous).model)
            get_bundle(project.artifacts, before.bundle)
            way_back = f"{before.ref} can serve again"
        yield Finding("way back", True, way_back)


def _keys(project: Project) -> Iterator[Finding]:
    from tidemill.release.signing.trust import public_keys

    if project.store.releases.list():
        yield Finding("trust", True, f"releases are signed with the keys {public_keys(project).fingerprint}")
    for path in sorted(project.keys_dir.glob("*")):
        if path.suffix == ".pub" or not path.is_file():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        well = mode & 0o077 == 0 and project.root not in path.resolve().parents
        yield Finding(f"key {path.stem}", well, f"{path.name} is {mode:04o}", f"chmod 600 {path}")


def _rules(project: Project) -> Iterator[Finding]:
    """Whether the rules of an endpoint leave enough to be answered, and read what there is."""
    check_rules(project)
    for name, scope in project.endpoints.items():
        if scope.list_rules and (found := lately(scope)) is not None:
            hint = "tidemill trace PREDICTION says what each rule took out: more stock, or fewer rules"
            yield Finding(f"rules of {name}", not found.often, found.message, hint)


def _ledger(project: Project) -> Iterator[Finding]:
    """Whether the heads are signed and told; that all of it holds, `tidemill ledger verify` says."""
    from tidemill.ledger.anchors import failing
    from tidemill.ledger.keep import unsigned

    if why := unsigned(project):
        yield Finding(
            "ledger", False, f"its head is not signed: {why}", "the key has to be on the machine whose loop leads"
        )
    failed = {one.anchor: one.error for one in failing(project)}
    for anchor in project.ledger.anchors:
        said = failed.get(anchor, "takes the ledger's heads")
        yield Finding(
            f"anchor {anchor.partition('?')[0]}", anchor not in failed, said, "mend it, then: tidemill ledger head"
        )


def _requests(project: Project) -> Iterator[Finding]:
    """Whether what people asked for is answered in time."""
    from tidemill.rights.requests import waiting

    now = project.clock.now()
    for one in waiting(project):
        if one.due is not None and one.due <= now:
            yield Finding(
                f"request {one.id}", False, f"{one.kind}: it was due {to_iso(one.due)}", "tidemill subject requests"
            )


def _policy(project: Project) -> Iterator[Finding]:
    """Whether policy.toml can be read as it is, and whether anybody could satisfy it."""
    if found := [*troubles(project), *declared(project)]:
        for one in found:
            yield Finding(one.place, False, one.message, one.hint)
    elif digest := policy_of(project).digest:
        yield Finding("policy", True, f"{digest[:19]} can be kept to")


def _loop(project: Project) -> Iterator[Finding]:
    """The parts of the loop as `tidemill status` has them, and the runs whose process is gone."""
    found = status(project)
    for part in found.parts:
        yield Finding(part.key, part.all_right, f"{part.headline}: {part.detail}", part.next or "tidemill status")
    yield Finding("drift", True, str(found.drift))
    for other in found.endpoints[1:]:
        hint = f"tidemill status --endpoint {other.endpoint}"
        yield Finding(f"endpoint {other.endpoint}", other.verdict.all_right, other.verdict.why, hint)
    for run in found.interrupted:
        yield Finding(f"run {run}", False, "its process is gone", f"tidemill runs resume {run}")
