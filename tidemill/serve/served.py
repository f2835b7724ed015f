"""What of an endpoint's releases is in memory, and how it gets there: verified, loaded, tried, and taken out again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tidemill.data.check.column import Column
from tidemill.errors import ModelError, NotAttested, TidemillError
from tidemill.release.signing.attest import verify_release
from tidemill.release.signing.attested import check_policy
from tidemill.release.signing.trust import public_keys
from tidemill.release.variants import (
    BASELINE,
    BESIDE,
    CHAMPION,
    LAST_GOOD,
    answers_nobody,
    chances,
    in_shadow,
    keeps_the_one_before,
    named,
)
from tidemill.scope.project import Endpoint, Project
from tidemill.serve import fallback
from tidemill.serve.fallback import Baseline
from tidemill.serve.metrics import Metrics
from tidemill.serve.trial import try_out
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Event, Release
from tidemill.tasks.port import Task
from tidemill.tasks.table import load, task_answering, task_of
from tidemill.types import named_id

_log = logging.getLogger("tidemill.serve")
AGAIN = 5.0, 320.0  # Seconds until a refused release is tried again: the first time, and at most
EARLIER = 5  # How many earlier champions are tried when the champion's record does not load at start


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, and the release that it answers for."""

    release: Release
    bundle: str
    scorer: Any
    task: Task
    roles: Mapping[str, Column] = field(default_factory=dict)
    """The contract's columns of its subject and item, by role."""


@dataclass(frozen=True, slots=True)
class Served:
    """What answers now, by variant. Replaced whole, never changed."""

    variants: Mapping[str, Loaded] = field(default_factory=dict)
    revision: int = -1
    refused: tuple[tuple[str, str], ...] = ()  # release id, why
    ready: tuple[Loaded, ...] = ()  # in memory, and answer nobody: what a bake may switch back to
    degraded: bool = False  # the champion itself is refused: the last good one answers in its place, or none
    baseline: Baseline | None = None  # what is answered where no model can
    absent: tuple[tuple[str, Release], ...] = ()  # variants whose subjects are theirs, and that may not be served here
    beside: tuple[tuple[str, Release], ...] = field(init=False)  # the variants beside the champion, and their releases
    chances: Mapping[str, float] = field(init=False)  # by variant, that a subject is drawn for it

    def __post_init__(self) -> None:
        loaded = {name: one.release for name, one in self.variants.items() if name != CHAMPION}
        found = {**loaded, **dict(self.absent)}
        beside = tuple(sorted(found.items(), key=lambda one: BESIDE.index(one[0].split(":")[0])))
        object.__setattr__(self, "beside", beside)
        object.__setattr__(self, "chances", chances(beside))

    @property
    def champion(self) -> Loaded | None:
        return self.variants.get(CHAMPION)

    @property
    def health(self) -> str:
        if not self.variants:
            return "no_model"
        return "degraded" if self.degraded or self.champion is None else "ok"


class Models:
    """Those of one endpoint, as its releases say. `refresh` and `recede` may run in any thread."""

    def __init__(self, scope: Endpoint, metrics: Metrics) -> None:
        self.scope, self.project, self.metrics = scope, scope.project, metrics
        self.endpoint = scope.name
        self.task = task_of(scope.model.task)
        self.fallback = scope.fallback or (BASELINE if self.task.history else LAST_GOOD)
        self.served = Served()
        self.receded = -1  # up to this revision of the releases nobody answers who may not any more
        self._refreshing = threading.Lock()
        self._switching = threading.Lock()
        self._patience, self._again = AGAIN[0], 0.0

    def overdue(self) -> bool:
        """Whether it is time to try again what was refused: its file may have been repaired."""
        return bool(self.served.refused) and time.monotonic() >= self._again

    def refresh(self, again: bool = False) -> bool:
        """Look at the releases and load what has changed; whether it looked. What does not verify is not served.

        What was refused is tried anew when it is `overdue`, each time after twice as long, and at once with ``again``.
        """
        with self._refreshing:
            revision = self.project.store.releases.revision()
            self.recede()
            before = self.served
            changed = revision != before.revision
            if not changed and not (before.refused and again) and not self.overdue():
                return False
            self._patience = AGAIN[0] if changed or again else min(2 * self._patience, AGAIN[1])
            self._again = time.monotonic() + self._patience
            started = time.perf_counter()
            refused: list[tuple[str, str]] = []
            champion = self._champion(before, refused)
            degraded = bool(refused)
            found = {CHAMPION: champion, **self._beside(before, refused)}
            variants = {name: loaded for name, loaded in found.items() if loaded is not None}
            usual = None if self.fallback != BASELINE else self._usual(None if degraded else champion)
            ready = self._ready(before, refused)
            absent = tuple((name, one) for name, one in self._releases() if name not in variants)
            self._switch(Served(variants, revision, tuple(refused), ready, degraded, usual, absent))
            self.metrics.follow.set(time.perf_counter() - started)
            self._tell_metrics()
            return True

    def recede(self) -> None:
        """Take out whoever may not answer any more, and switch to what is in memory: at once, whatever is being loaded meanwhile."""
        with self._switching:
            revision = self.project.store.releases.revision()
            if revision != self.receded:
                self.served, done = self._by_now(self.served)
                self.receded = revision if done else self.receded

    def _switch(self, loaded: Served) -> None:
        """From now on these: but as the releases are now, for loading took its time."""
        with self._switching:
            revision = self.project.store.releases.revision()
            self.served, done = (loaded, True) if revision == loaded.revision else self._by_now(loaded)
            self.receded = revision if done else loaded.revision

    def _by_now(self, served: Served) -> tuple[Served, bool]:
        """Of what is in memory what each release may do as it is now, and whether that is all: a champion that is not in memory yet
        leaves the one before there."""
        known = {one.release.id: one for one in (*served.variants.values(), *served.ready)}
        releases = dict(self._releases())
        absent = tuple((name, r) for name, r in releases.items() if r.id not in known)
        beside = {name: replace(known[r.id], release=r) for name, r in releases.items() if r.id in known}
        champion, now = self.scope.champion(), served.champion
        there = champion is None or champion.id in known
        if there:
            now = None if champion is None else replace(known[champion.id], release=champion)
        kept = tuple(one for one in known.values() if now is None or one.release.id != now.release.id)
        variants = {**({CHAMPION: now} if now else {}), **beside}
        return replace(served, variants=variants, ready=kept, absent=absent), there

    def _ready(self, before: Served, refused: list[tuple[str, str]]) -> tuple[Loaded, ...]:
        """The release before a champion in whose bake it stays loaded."""
        champion = self.scope.champion()
        if champion is None or champion.previous is None or not keeps_the_one_before(champion):
            return ()
        found = self._load(self.project.store.releases.get(champion.previous), before, refused)
        return () if found is None else (found,)

    def _champion(self, before: Served, refused: list[tuple[str, str]]) -> Loaded | None:
        release = self.scope.champion()
        if release is None:
            return None
        loaded = self._load(release, before, refused)
        if loaded is not None or self.fallback == "none":
            return loaded
        if before.champion is not None:  # the last good one
            return before.champion
        earlier = sorted(self.scope.releases("superseded"), key=lambda r: (r.started or 0, r.id), reverse=True)
        return next((found for r in earlier[:EARLIER] if (found := self._load(r, before, refused))), None)

    def _usual(self, champion: Loaded | None) -> Baseline | None:
        if champion is None:
            return fallback.kept(self.scope)
        return fallback.keep(self.scope, champion.task, champion.release.model, champion.scorer)

    def _beside(self, before: Served, refused: list[tuple[str, str]]) -> dict[str, Loaded | None]:
        """What runs beside the champion, by the status of its release."""
        return {name: self._load(release, before, refused) for name, release in self._releases()}

    def _releases(self) -> Iterator[tuple[str, Release]]:
        """The variants beside the champion. What is in shadow answers nobody, and is none."""
        for kind in BESIDE:
            yield from named(kind, [one for one in self.scope.releases(kind) if not in_shadow(one)]).items()

    def _load(self, release: Release, before: Served, refused: list[tuple[str, str]]) -> Loaded | None:
        known = [*before.variants.values(), *before.ready]
        try:
            found = load_release(self.project, release, known)
            if answers_nobody(release) and found.scorer not in [one.scorer for one in known]:
                self._try(found)
            return found
        except TidemillError as exc:
            why = "not_attested" if isinstance(exc, NotAttested) else exc.code
            refused.append((release.id, why))
            self.metrics.refused.labels(why).inc()
            _log.error("release %s of %s is not served: %s", release.id, release.model, exc)
            self._alert(release, why, exc)
            return None

    def _try(self, found: Loaded) -> None:
        """What it does for the first time it does for nobody; what it cannot answer counts as its failure."""
        tried = try_out(self.scope, found.scorer, found.task)
        if tried.failed:
            self.project.store.releases.add_failures(
                self.endpoint, {found.release.id: tried.failed}, self.scope.environment
            )
        _log.info("release %s was tried on %d logged requests, %d failed", found.release.id, tried.n, tried.failed)

    def _alert(self, release: Release, why: str, exc: TidemillError) -> None:
        """An event for people to see, once for each release and reason."""
        event = Event(
            named_id("event", "damaged", release.id, why),
            self.project.clock.now(),
            "damaged",
            f"release:{release.id}",
            {"endpoint": self.endpoint, "model": release.model, "why": why, "message": str(exc)},
        )
        try:
            self.project.store.events.add_once(event)
        except TidemillError as full:  # a full or busy disk must not keep the last good model from serving
            _log.error("the alert about %s cannot be written: %s", release.id, full)

    def _tell_metrics(self) -> None:
        self.metrics.serving.clear()
        for arm, model in self.served.variants.items():
            self.metrics.serving.labels(self.endpoint, arm, model.release.model, model.release.id).set(1)


def load_release(project: Project, release: Release, known: Sequence[Loaded] = ()) -> Loaded:
    """Verify and load. Raises NotAttested, Damaged, NotFound, or ModelError when the bundle itself does not load.

    ``known``: models loaded before, whose bytes are in memory and need no second look when the digest is the same. The
    statements are checked anew for every release.
    """
    bundle = project.store.models.get(release.model).bundle
    keys = public_keys(project)
    verify_release(project.store, project.artifacts, keys, release, bundle)
    check_policy(project, release, keys)
    for before in known:
        if before.bundle == bundle:
            return replace(before, release=release)
    return Loaded(release, bundle, *load_scorer(project, bundle))


def load_scorer(project: Project, bundle: str) -> tuple[Any, Task, Mapping[str, Column]]:
    """The scorer of a bundle whose every byte is verified, the task that asks it, and the columns of its subject and item by role.

    Raises Damaged, NotFound, ModelError.
    """
    verified = get_bundle(project.artifacts, bundle)
    try:
        roles = msgspec.convert(verified.manifest.get("roles", {}), dict[str, Column])
        scorer = load(verified)
        if (begin := getattr(scorer, "begin", None)) is not None:  # what it asks is started before the first request
            begin()
        return scorer, task_answering(verified), roles
    except TidemillError:
        raise
    except Exception as exc:
        raise ModelError(f"the bundle does not load: {type(exc).__name__}: {exc}", place=bundle) from exc


def scope_of(digest: str) -> str:
    """What a ticket for this bundle is good for."""
    return f"load:{digest}"
