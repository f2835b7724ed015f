"""`tidemill move`: a project from files of its own to the stores of a team, and back.

Nothing of it may run meanwhile, here or elsewhere; from the first step on its stores say so to whoever opens them. All is copied and
then compared: the tables' logs, every byte of artifacts and of tables' files, every row. Only then tidemill.toml says where the
project is. Ids and positions stay; the old stores stay, too. Killed at any moment, the same move goes on where it was.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.config.decode import parse
from tidemill.config.resolve import Config
from tidemill.config.rewrite import with_stores
from tidemill.config.stores import check_bucket, check_database
from tidemill.data.tables.port import TableStore
from tidemill.data.tables.tables import open_tables_at
from tidemill.errors import ConfigError, ProjectError, StoreBusy
from tidemill.files import write_whole
from tidemill.ops import carry
from tidemill.ops.carry import Counted, Progress, nobody
from tidemill.scope.project import LIVE
from tidemill.scope.stores import ALONE, CLAIMED, KEPT_AT, KINDS, STAYING, Places, moving, place_of, stores_of
from tidemill.serve.client import here
from tidemill.serve.supervisor import only_one
from tidemill.store.artifacts import Artifacts, open_artifacts
from tidemill.store.records import MOVING
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    from tidemill.scope.stores import Files, Server
    from tidemill.store.sql.contents import Contents
    from tidemill.store.sql.live import LiveStore
    from tidemill.store.sql.store import MetadataStore

FILES = "files"
"""The word for files of the project, where an address could stand."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, or with ``dry_run`` would be."""

    dry_run: bool
    places: Mapping[str, tuple[str, str]]  # of what is moved: from where to where; nothing for files
    rows: Mapping[str, int]  # of each table of the records
    artifacts: Counted | None
    tables: Mapping[str, Counted]  # versions and bytes
    left: Sequence[str] = ()  # how what was left behind is deleted
    running: str = ""  # what has to be stopped before, where it was only looked at


@dataclass(frozen=True)
class _Side:
    """The stores on one side of a move, open."""

    records: Files | Server
    store: MetadataStore
    live: LiveStore
    artifacts: Artifacts
    tables: TableStore

    @property
    def contents(self) -> Sequence[Contents]:
        return self.store.contents(STAYING), self.live.contents()


@dataclass(frozen=True)
class _Plan:
    """What is to be moved, as tidemill.toml says it now and will say it."""

    root: Path
    was: Config
    will: Config
    text: str
    changed: Sequence[str] = field(default=())

    @staticmethod
    def of(root: Path, to: Mapping[str, str]) -> _Plan:
        """Raises ConfigError, ProjectError."""
        file = root / "tidemill.toml"
        if (root / ".tidemill" / ALONE).exists():
            raise ProjectError("this folder is a copy that keeps to itself", place=str(root))
        text = file.read_text("utf-8")
        addresses = {key: "" if address == FILES else address for key, address in to.items()}
        for key, address in addresses.items():
            _check_address(key, address)
        new = with_stores(text, addresses, file.name)
        was, will = parse(text, file.name), parse(new, file.name)
        changed = [k for k in KINDS if place_of(getattr(was.stores, k)) != place_of(getattr(will.stores, k))]
        return _Plan(root, was, will, new, changed)

    @property
    def state(self) -> Path:
        return self.root / ".tidemill"

    def records(self, config: Config) -> Files | Server:
        return stores_of(config.stores, config.project.name, self.state)

    def places(self, config: Config) -> Places:
        return Places(config.stores, self.state, copied=False)

    @property
    def target(self) -> JsonObject:
        """Where all of it will be."""
        return {key: place_of(getattr(self.will.stores, key)) for key in KINDS}

    def under_way(self, moved: bool = False) -> JsonObject:
        """What the stores that are left say from the first step on; ``moved``: there is no way back."""
        return {"to": self.target, "moved": moved}

    def switch(self) -> None:
        """From now on the project is there."""
        file = self.root / "tidemill.toml"
        write_whole(file, self.text.encode(), file.stat().st_mode & 0o777)


def move(root: Path, to: Mapping[str, str], *, dry_run: bool = False, progress: Progress = nobody) -> Moved:
    """Move the stores that are named to these addresses (`FILES`: into the project's own folder).

    ``dry_run``: only look, also while something runs.

    Raises ProjectError (something runs, the target is another's or not empty), StoreError, ConfigError.
    """
    plan = _Plan.of(root.resolve(), to)
    plan.state.mkdir(mode=0o700, exist_ok=True)  # a team's machine may be a new one
    with nullcontext() if dry_run else only_one(plan.root), ExitStack() as held:
        source = held.enter_context(_opened(plan, plan.was))
        identity = str(source.store.settings.get("project_id"))
        resuming = _resuming(plan, source.store)
        if not plan.changed:
            return _settled(plan, source, resuming, dry_run)
        if resuming and _is_there(plan, source, identity):
            return _switched(plan, source, dry_run)
        if not dry_run:
            _nothing_runs(source.store)
        _check(plan, source, identity, resuming)
        if dry_run:
            return _would(plan, source)
        if not resuming:
            source.store.settings.set(MOVING, plan.under_way())
        _nothing_runs(source.store)  # nor did it begin just now
        for dataset in source.tables.names():
            held.enter_context(source.tables.lock(dataset, wait=0))
        target = held.enter_context(_target(plan, source, identity))
        _carry(plan, source, target, progress)
        found = _verified(plan, source, target, progress)
        _finish(plan, source, target)
    return found


def cancel(root: Path) -> None:
    """Give up a move that was cut short: the project goes on where it is. Raises ProjectError where none is under way, or where it
    had come so far that the project may go on elsewhere already."""
    root = root.resolve()
    config = parse((root / "tidemill.toml").read_text("utf-8"))
    with only_one(root), ExitStack() as held:
        store = stores_of(config.stores, config.project.name, root / ".tidemill").metadata(True)
        held.callback(store.close)
        gone: Any = store.settings.get(MOVING)
        if not gone:
            raise ProjectError("no move is under way", place=str(root))
        if "from" in gone or gone["moved"] or not store.settings.swap(MOVING, gone, None):
            raise moving(gone, root)


def _resuming(plan: _Plan, store: MetadataStore) -> bool:
    """Whether this very move was begun before. Raises ProjectError where another one was, or has moved the project away."""
    gone: Any = store.settings.get(MOVING)
    if gone and gone not in (plan.under_way(), plan.under_way(moved=True)):
        raise moving(gone, plan.root)
    return bool(gone)


def _is_there(plan: _Plan, source: _Side, identity: str) -> bool:
    """Whether the records are whole where they go, and may be in use there: only tidemill.toml is not switched yet."""
    records = plan.records(plan.will)
    moved = source.store.settings.get(MOVING) == plan.under_way(moved=True)
    if not moved or "metadata" not in plan.changed or not records.is_made:
        return False
    with ExitStack() as held:
        store = records.metadata(True)
        held.callback(store.close)
        return store.settings.get("project_id") == identity and not store.settings.get(MOVING)


def _switched(plan: _Plan, source: _Side, dry_run: bool) -> Moved:
    if not dry_run:
        plan.switch()
    return Moved(dry_run, _places(plan), {}, None, {}, _left(plan, source))


@contextmanager
def _opened(plan: _Plan, config: Config, known: bool = True) -> Iterator[_Side]:
    records, places = plan.records(config), plan.places(config)
    if known and not records.is_made:
        hint = "where nothing has run yet, write [stores] into tidemill.toml: the project begins there"
        raise ProjectError("there are no records to be moved", place=records.place, hint=hint)
    with ExitStack() as held:
        store = records.metadata(known)
        held.callback(store.close)
        live = records.live(known)
        held.callback(live.close)
        yield _Side(records, store, live, open_artifacts(places.artifacts), open_tables_at(places.tables))


def _check_address(key: str, address: str) -> None:
    """Where it was said: the file that it would be written into has no such line yet."""
    try:
        if address:
            (check_database if key == "metadata" else check_bucket)(address)
    except ConfigError as exc:
        exc.place = f"--{key}"
        raise


@contextmanager
def _target(plan: _Plan, source: _Side, identity: str) -> Iterator[_Side]:
    """Where the project goes, its prefixes taken; what is not moved is the source's."""
    places = plan.places(plan.will)
    with ExitStack() as held:
        if "metadata" in plan.changed:
            target = held.enter_context(_opened(plan, plan.will, known=False))
            target.store.settings.set(MOVING, target.store.settings.get(MOVING) or {"from": plan.was.project.name})
        else:
            tables = open_tables_at(places.tables)
            target = _Side(source.records, source.store, source.live, open_artifacts(places.artifacts), tables)
        for key in ("artifacts", "tables"):
            if key in plan.changed and (address := getattr(plan.will.stores, key)):
                _bucket(address).claim(identity)
        yield target


def _bucket(address: str) -> Any:
    from tidemill.store.bucket import Bucket

    return Bucket(address)


def _nothing_runs(store: MetadataStore) -> None:
    """Raises StoreBusy while any machine's lease runs, or its scorer answers."""
    if running := _running(store):
        expires, who = max(running)
        hint = f"stop the project on all machines; one that was killed is forgotten at {to_iso(expires)}"
        raise StoreBusy(f"{who} runs", hint=hint)


def _running(store: MetadataStore) -> list[tuple[Micros, str]]:
    """(until when, who) of each machine's leases and scorers."""
    found = [(lease.expires, f"{lease.name} (as {lease.owner})") for lease in store.leases.running()]
    return found + [(one.expires, f"the scorer {one.address} of {one.host}") for one in store.scorers.live()]


def _check(plan: _Plan, source: _Side, identity: str, resuming: bool) -> None:
    """The targets are free, or this move's own. Raises ProjectError."""
    records = plan.records(plan.will)
    if "metadata" in plan.changed and records.is_made:
        _records_are_free(records, identity, resuming)
    for key in ("artifacts", "tables"):
        address = getattr(plan.will.stores, key)
        if key in plan.changed and address:
            _bucket(address).must_be_free(identity)
    if "tables" in plan.changed:
        carry.check_tables(source.tables, open_tables_at(plan.places(plan.will).tables))


def _records_are_free(records: Files | Server, identity: str, resuming: bool) -> None:
    with ExitStack() as held:
        store = records.metadata(True)
        held.callback(store.close)
        there = store.settings.get("project_id")
        rows = sum(store.contents(STAYING).counts().values())
    if there == identity and resuming:
        return
    if there not in (None, identity):
        raise ProjectError(f"the target holds another project, {there}", place=records.place)
    if rows and not (resuming and there is None):
        hint = f"where they are an earlier time's of this project, and not needed: {records.way_out}"
        raise ProjectError(f"the target is not empty: {rows:,} records", place=records.place, hint=hint)


def _carry(plan: _Plan, source: _Side, target: _Side, progress: Progress) -> None:
    if "artifacts" in plan.changed:
        carry.carry_artifacts(source.artifacts, target.artifacts, progress)
    if "tables" in plan.changed:
        carry.carry_tables(source.tables, target.tables, progress)
    if "metadata" in plan.changed:
        kept: Any = target.store.settings.get(MOVING)
        done: dict[str, Any] = kept.setdefault("done", {})
        for ours, theirs in zip(source.contents, target.contents):
            carry.carry_rows(ours, theirs, done, lambda: target.store.settings.set(MOVING, kept), progress)


def _verified(plan: _Plan, source: _Side, target: _Side, progress: Progress) -> Moved:
    """Raises Damaged where anything is not as it was."""
    rows: dict[str, int] = {}
    artifacts, tables = None, dict[str, Counted]()
    if "artifacts" in plan.changed:
        artifacts = carry.verify_artifacts(source.artifacts, target.artifacts, progress)
    if "tables" in plan.changed:
        tables = carry.verify_tables(source.tables, target.tables, progress)
    if "metadata" in plan.changed:
        for ours, theirs in zip(source.contents, target.contents):
            rows |= carry.verify_rows(ours, theirs, progress)
    return Moved(False, _places(plan), rows, artifacts, tables, _left(plan, source))


def _finish(plan: _Plan, source: _Side, target: _Side) -> None:
    """The old stores say that there is no way back; the new ones know where they are, and open; then the file is switched. So
    at no moment both can be used."""
    moved, settings = plan.under_way(moved=True), source.store.settings
    if settings.get(MOVING) != moved and not settings.swap(MOVING, plan.under_way(), moved):
        raise ProjectError("the move was given up meanwhile: nothing was switched", place=str(plan.root))
    settings = target.store.settings
    settings.set(KEPT_AT, {key: plan.target[key] for key in ("artifacts", "tables")})
    for key in ("artifacts", "tables"):
        settings.set(f"{key}{CLAIMED}", getattr(plan.will.stores, key))
    settings.set(LIVE, True)
    if "metadata" in plan.changed:
        settings.set(MOVING, None)
        plan.switch()
    else:
        plan.switch()  # until then a kill leaves a move that goes on
        settings.set(MOVING, None)


def _settled(plan: _Plan, source: _Side, resuming: bool, dry_run: bool) -> Moved:
    """The file is switched already: by a move that was cut short then, or there is nothing to move."""
    if not resuming:
        hint = f"say where to: --metadata postgresql://…, --artifacts s3://…, --tables s3://…, or {FILES} for each"
        raise ProjectError("the project's stores are there already", place=str(plan.root / "tidemill.toml"), hint=hint)
    if not dry_run:
        source.store.settings.set(MOVING, None)
    return Moved(dry_run, {}, {}, None, {})


def _would(plan: _Plan, source: _Side) -> Moved:
    rows: dict[str, int] = {}
    artifacts, tables = None, dict[str, Counted]()
    if "metadata" in plan.changed:
        for ours in source.contents:
            rows |= ours.counts()
    if "artifacts" in plan.changed:
        sizes = [source.artifacts.stat(digest).size for digest in source.artifacts.digests()]
        artifacts = Counted(len(sizes), sum(sizes))
    if "tables" in plan.changed:
        tables = {name: Counted(len(source.tables.log(name)) - 1, 0) for name in source.tables.names()}
    running = [who for _, who in _running(source.store)]
    running += [f"tidemill up here ({', '.join(up)})"] if (up := here(plan.root)) else []
    return Moved(True, _places(plan), rows, artifacts, tables, running=", ".join(running))


def _places(plan: _Plan) -> dict[str, tuple[str, str]]:
    return {
        key: (place_of(getattr(plan.was.stores, key)), place_of(getattr(plan.will.stores, key))) for key in plan.changed
    }


def _left(plan: _Plan, source: _Side) -> list[str]:
    """How each of the old stores is deleted, when nobody needs it any more."""
    found = [source.records.way_out] if "metadata" in plan.changed else []
    for key, folder in (("artifacts", "sha256"), ("tables", "tables")):
        if key in plan.changed:
            place = place_of(getattr(plan.was.stores, key))
            found.append(
                f"aws s3 rm --recursive {place}/{folder}" if place else f"rm -r {shlex.quote(str(plan.state / key))}"
            )
    return found
