"""What answers: the variants in memory, every subject's history, and the rule who is answered by which."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from tidemill.config.rules import NO_RULES, RulesSection
from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, name_of, read
from tidemill.errors import (
    BadRequest,
    ModelError,
    NoModel,
    NotAttested,
    NotFound,
    SignatureMismatch,
    TidemillError,
    TooLate,
)
from tidemill.features.items import ItemTable
from tidemill.features.online import History
from tidemill.release.signing.attest import verify_release
from tidemill.release.signing.trust import public_keys
from tidemill.release.variants import (
    BASELINE,
    BESIDE,
    CHAMPION,
    LAST_GOOD,
    answers_nobody,
    chances,
    choose,
    in_shadow,
    keeps_the_one_before,
    named,
)
from tidemill.rules.applied import Applied
from tidemill.rules.kept import check_columns, keep, rules_of
from tidemill.rules.rules import Rules
from tidemill.scope.project import Endpoint, Project
from tidemill.serve import fallback
from tidemill.serve.explain import Explainer
from tidemill.serve.fallback import Baseline
from tidemill.serve.histories import Histories
from tidemill.serve.metrics import Metrics
from tidemill.serve.pace import Pace, late
from tidemill.serve.trial import try_out
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Event, Release
from tidemill.tasks.port import NEVER_SEEN, Answered, Request, Task
from tidemill.tasks.table import load, task_answering, task_of
from tidemill.types import JsonObject, Micros, named_id, to_iso

_log = logging.getLogger("tidemill.serve")
_encode = msgspec.json.Encoder().encode
REMEMBERED = 60.0  # Seconds for which an endpoint that fell back is not all right
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
    beside: tuple[tuple[str, Release], ...] = field(init=False)  # the variants beside the champion, and their releases
    chances: Mapping[str, float] = field(init=False)  # by variant, that a subject is drawn for it

    def __post_init__(self) -> None:
        beside = tuple((name, loaded.release) for name, loaded in self.variants.items() if name != CHAMPION)
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to a request."""

    by: Loaded
    arm: str
    output: bytes  # JSON object
    cold: bool
    watermark: int
    flags: Mapping[str, str] = field(default_factory=dict)  # by input, what is strange about its value
    reasons: JsonObject | None = None  # what the endpoint's rules did
    propensity: float = 1.0  # the chance with which its subject was drawn for the variant that was to answer


class Predictor:
    """Answers for one endpoint. `answer` runs in the event loop; `refresh` may run in another thread."""

    def __init__(self, scope: Endpoint, metrics: Metrics, histories: Histories) -> None:
        self.scope, self.project, self.metrics = scope, scope.project, metrics
        self.endpoint = scope.name
        self.task = task_of(scope.model.task)
        self.refuses = scope.model.dataset.requests == "refuse"
        self._dataset, self._histories = scope.model.dataset.name, histories
        self.history = histories.of(self._dataset)
        self.explainer = Explainer(scope, lambda: self.items)
        self.served = Served()
        self.fallback = scope.fallback or (BASELINE if self.task.history else LAST_GOOD)
        self.pace = Pace()
        self._fell_back = -math.inf  # when what is usual was answered last
        self.receded = -1  # up to this revision of the releases nobody answers who may not any more
        self.rules: Rules | None = None
        self._refreshing = threading.Lock()
        self._switching = threading.Lock()
        self._telling = threading.Lock()
        self._patience, self._again = AGAIN[0], 0.0
        self._failed = Counter[str]()  # by release, since the start; only the event loop's thread writes it
        self._told = Counter[str]()  # of these, what is in the store

    @property
    def items(self) -> ItemTable:
        """What is known of items where the history stands."""
        return self._histories.items

    def labels(self) -> list[str] | None:
        """The champion's labels as texts; None where it has none, or nothing serves."""
        champion = self.served.champion
        return None if champion is None else champion.task.labels(champion.scorer)

    def name(self, role: str, text: str, place: str) -> str:
        """A subject or an item as the dataset's rows spell it. Raises BadRequest for what names nothing."""
        loaded = self.served.champion or next(iter(self.served.variants.values()), None)
        column = loaded.roles.get(role) if loaded is not None else None
        try:
            found = name_of(column, text)
        except Unread as exc:
            raise BadRequest(
                f"{text!r} is no {role} of {self.scope.model.dataset.name}", place=place, hint=exc.hint
            ) from exc
        if found is None:
            hint = "leave it out where there is none; where it is a name, the contract says so: tidemill.text: exact"
            raise BadRequest(f"{text!r} is a word for nothing", place=place, hint=hint)
        return found

    def found(self, body: Request) -> Request:
        """The request with what is held of the entity that it names (`tidemill.model.questions`). Raises BadRequest, NotFound."""
        rows = self.scope.model.section.rows
        if not (rows and rows.entity):
            raise BadRequest(
                "Object missing required field `inputs`", place="$.inputs", hint='{"inputs": {"column": 1.5}}'
            )
        if body.subject is None:
            raise BadRequest(f"which {rows.entity}?", place="$.subject", hint="name it, or give the inputs")
        held = self.project.live.entities.look_up(self.scope.model.name, body.subject)
        if held is None:
            hint = "what is active is looked at whenever rows came in, and once a window; else give the inputs"
            raise NotFound(f"nothing is held of {rows.entity} {body.subject!r}", place="$.subject", hint=hint)
        return body.about(json.loads(held.inputs), to_iso(held.at))

    async def know(self, subject: str | None) -> None:
        """Have the subject's history, where an answer would hold up the event loop to read it. Raises StoreError."""
        if subject and self.task.history and self._histories.lacks(self._dataset, subject):
            await self._histories.hold(self._dataset, subject)

    async def sold(self, items: Set[str]) -> Set[str]:
        """Those of these items that are in a row of the dataset, or that a model which serves can answer with."""
        catalogues = [loaded.task.catalogue(loaded.scorer) for loaded in self.served.variants.values()]
        offered = {item for item in items if any(item in catalogue for catalogue in catalogues)}
        return offered | await self._histories.sold(self._dataset, items - offered)

    @property
    def section(self) -> RulesSection:
        """What its rules were made of."""
        return NO_RULES if self.rules is None else self.rules.section

    def take_rules(self, scope: Endpoint) -> None:
        """Answer by the rules that the endpoint has in this configuration from now on. Raises ConfigError: then by those of before."""
        rules = rules_of(scope)
        if rules is not None:
            check_columns(scope, self.items)
            keep(self.project.store, rules)
        self.rules = rules

    # the models -------------------------------------------------------------------------------------------------------

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
            self._switch(Served(variants, revision, tuple(refused), self._ready(before, refused), degraded, usual))
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
        releases = dict(each for kind in BESIDE for each in named(kind, self.scope.releases(kind)).items())
        beside = {name: replace(known[r.id], release=r) for name, r in releases.items() if r.id in known}
        champion, now = self.scope.champion(), served.champion
        there = champion is None or champion.id in known
        if there:
            now = None if champion is None else replace(known[champion.id], release=champion)
        kept = tuple(one for one in known.values() if now is None or one.release.id != now.release.id)
        return replace(served, variants={**({CHAMPION: now} if now else {}), **beside}, ready=kept), there

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
        """What runs beside the champion, by the status of its release. What is in shadow answers nobody, and is not loaded."""
        releases = ([one for one in self.scope.releases(kind) if not in_shadow(one)] for kind in BESIDE)
        found = (named(kind, some) for kind, some in zip(BESIDE, releases, strict=True))
        return {name: self._load(release, before, refused) for each in found for name, release in each.items()}

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

    # answers ----------------------------------------------------------------------------------------------------------

    @property
    def alone(self) -> bool:
        """Whether one model answers everybody: the subject decides nothing."""
        return not self.served.beside

    def choose(self, subject: str) -> tuple[Loaded, str]:
        """The model that answers this subject, and the variant that it is. Raises NoModel."""
        served = self.served
        if not served.variants:
            raise NoModel(
                f"nothing is released to {self.endpoint!r} that may be served",
                hint="release a model: tidemill run; where one is released, tidemill doctor says why it is not served here",
            )
        arm = choose(served.beside, subject)
        chosen = served.variants.get(arm)
        if chosen is None:
            raise NoModel(
                f"the champion of {self.endpoint!r} may not be served, and the others answer their shares only",
                hint="tidemill doctor says what is damaged; release another model: tidemill release start MODEL",
            )
        return chosen, arm

    def answer(
        self,
        body: Request,
        unit: str,
        at: Micros,
        watermark: int | None = None,
        draw: str = "",
        rules: Applied | None = None,
    ) -> Answer:
        """Ask the model. ``unit`` decides the variant: the subject, or the prediction's id where there is none; ``draw``: that id, by which
        rules draw; ``rules``: others than the endpoint's.

        A variant that fails is counted against it and the champion answers; where that one cannot, what is usual.
        Raises NoModel, BadRequest, SignatureMismatch, ModelError.
        """
        seen, last = self.history.seq if watermark is None else watermark, self.served
        rules = rules or self.applied(draw)
        try:
            for by, arm, chance in self._turns(unit):
                try:
                    asked = partial(_ask, by, self.history, body, at, seen, rules)
                    return self._given(by, arm, chance, seen, *self.pace.now(by.bundle, asked))
                except ModelError as exc:
                    self._failed_to(by, exc, arm, last)
        except (NoModel, ModelError) as exc:
            if (instead := self._instead(last, body, at, seen, exc, rules)) is None:
                raise
            return instead
        raise AssertionError("the last turn answers or raises")

    async def ask(
        self,
        body: Request,
        unit: str,
        at: Micros,
        watermark: int | None = None,
        until: float = math.inf,
        draw: str = "",
    ) -> Answer:
        """As `answer`. A model that is not quick is asked beside the event loop, and waited for until then (of `time.monotonic`).

        Raises TooLate, too.
        """
        if self.is_quick(unit):
            return self.answer(body, unit, at, watermark, draw)
        seen, last = self.history.seq if watermark is None else watermark, self.served
        alone = self.history.alone(body.subject) if self.task.history else self.history  # the loop goes on learning rows
        rules, second = self.applied(draw), False
        try:
            if time.monotonic() >= until:
                raise late()  # of a long list the rest: nobody was asked, and it is counted against no model
            for by, arm, chance in self._turns(unit):
                try:
                    asked = partial(_ask, by, alone, body, at, seen, rules)
                    return self._given(by, arm, chance, seen, *await self.pace.ask(by.bundle, asked, until))
                except (ModelError, TooLate) as exc:
                    if second and isinstance(exc, TooLate):  # the time was another's: it has failed nobody
                        raise
                    self._failed_to(by, exc, arm, last)
                    second = True
        except (NoModel, ModelError, TooLate) as exc:
            if (instead := self._instead(last, body, at, seen, exc, rules)) is None:
                raise
            return instead
        raise AssertionError("the last turn answers or raises")

    def applied(self, draw: str) -> Applied | None:
        """What the endpoint's rules are applied with; None where it has none."""
        return None if self.rules is None else Applied(self.rules, self.items, draw)

    def is_quick(self, unit: str) -> bool:
        """Whether this unit is answered without waiting: also where the champion answers after the variant that is drawn."""
        served = self.served
        chosen = served.variants.get(choose(served.beside, unit))
        if chosen is None:
            return True
        champion = served.champion
        alone = champion is None or champion is chosen or self.pace.quick(champion.bundle)
        return alone and self.pace.quick(chosen.bundle)

    def first(self, unit: str) -> tuple[Loaded, str, float]:
        """Who is asked about this unit first, as what, and the chance of that. Raises NoModel."""
        return next(self._turns(unit))

    def _turns(self, unit: str) -> Iterator[tuple[Loaded, str, float]]:
        """Who is asked, one after the other, as what, and the chance of the first: the variant, and the champion after one beside it.

        Raises NoModel.
        """
        chosen, arm = self.choose(unit)
        chance, champion = self.served.chances.get(arm, 1.0), self.served.champion
        mark = LAST_GOOD if self.served.degraded else CHAMPION
        yield chosen, (mark if arm == CHAMPION else arm), chance
        if arm != CHAMPION and champion is not None:
            yield champion, mark, chance

    def _given(self, by: Loaded, arm: str, chance: float, seen: int, answered: Answered, output: bytes) -> Answer:
        if self.refuses and answered.flags:
            _refuse(answered.flags)
        if arm == LAST_GOOD:
            self.metrics.fallbacks.labels(self.endpoint, LAST_GOOD, "refused").inc()
        reasons = answered.output.get("reasons") if self.rules is not None else None
        return Answer(by, arm, output, answered.cold, seen, answered.flags, reasons, chance)

    def _failed_to(self, by: Loaded, exc: ModelError | TooLate, arm: str, served: Served) -> None:
        """Count it against the release. Raises the error where it is the request's fault, or nobody has a turn after this one."""
        if isinstance(exc, ModelError) and exc.code != ModelError.code:
            raise exc
        self._count_failure(by.release.id, exc)
        if arm in (CHAMPION, LAST_GOOD) or served.champion is None:
            raise exc

    def _count_failure(self, release_id: str, exc: TidemillError) -> None:
        self.metrics.failures.labels(release_id).inc()
        self._failed[release_id] += 1
        _log.error("release %s failed to answer: %s", release_id, exc)

    def _instead(
        self, served: Served, body: Request, at: Micros, seen: int, exc: TidemillError, rules: Applied | None
    ) -> Answer | None:
        """What is usual; None where nothing is kept of that, or the request is at fault."""
        kept = served.baseline
        if kept is None or (isinstance(exc, ModelError) and exc.code != ModelError.code):
            return None
        self._fell_back = time.monotonic()
        self.metrics.fallbacks.labels(self.endpoint, BASELINE, exc.code).inc()
        if rules is None:
            said = self.task.instead(kept.usual, body)
        else:
            said = rules.instead(self.task, kept.usual, body, self.history, at, seen).output
        output = _encode(said)
        release = Release("", self.endpoint, kept.model, BASELINE, (), 0, 0, 0, environment=self.scope.environment)
        return Answer(Loaded(release, "", None, self.task), BASELINE, output, True, seen, reasons=said.get("reasons"))

    @property
    def health(self) -> str:
        """ok | degraded | fallback (what is usual is answered, or was within the last minute) | no_model."""
        said = self.served.health
        usual = time.monotonic() - self._fell_back < REMEMBERED or (said == "no_model" and self.served.baseline)
        return "fallback" if usual else said

    def tell_failures(self) -> None:
        """Add what has failed since to the stored counts; the rollout's evidence reads them. May run in any thread."""
        with self._telling:
            if failed := self.untold:
                self.project.store.releases.add_failures(self.endpoint, failed, self.scope.environment)
                self._told = self._told + failed  # only now: a full disk loses none; anew: another thread may read it

    @property
    def untold(self) -> Counter[str]:
        """Failures by release that the store has not been told of."""
        return self._failed.copy() - self._told

    def models(self) -> dict[str, str]:
        """The model of each variant."""
        return {name: loaded.release.model for name, loaded in self.served.variants.items()}

    def status(self) -> JsonObject:
        """What is served, for people and for the loop."""
        served = self.served
        return {
            "endpoint": self.endpoint,
            "revision": served.revision,
            "variants": {
                name: {"release": model.release.id, "model": model.release.model, "bundle": model.bundle}
                for name, model in served.variants.items()
            },
            "refused": [{"release": r, "why": why} for r, why in served.refused],
            "history_seq": self.history.seq,
            **({"rules": self.rules.mark} if self.rules is not None else {}),
        }


def _ask(
    model: Loaded, history: History, request: Request, at: Micros, watermark: int, rules: Applied | None
) -> tuple[Answered, bytes]:
    try:
        if rules is None:
            said = model.task.answer(model.scorer, request, history, at, watermark)
        else:
            said = rules.answer(model.task, model.scorer, request, history, at, watermark)
        answered = _flagged(model, request, said)
        return answered, _encode(answered.output)
    except TidemillError:
        raise
    except Exception as exc:
        raise ModelError(f"the model failed: {type(exc).__name__}: {exc}", place=model.release.model) from exc


def _flagged(model: Loaded, request: Request, answered: Answered) -> Answered:
    """The answer, with a flag where the subject breaks a limit of its column."""
    column = model.roles.get("subject")
    if column is None or not column.limited or not request.subject:
        return answered
    words = column.broken(read(column, request.subject))
    if not words:
        return answered
    flags = {"subject": words, **answered.flags}
    return answered._replace(output={**answered.output, "flags": flags}, flags=flags)


def _refuse(flags: Mapping[str, str]) -> None:
    """Raises SignatureMismatch for the first value that breaks a limit of the contract; one that was never seen breaks none."""
    for name, words in flags.items():
        if words != NEVER_SEEN:
            hint = 'the contract says so, and [data] requests = "refuse"'
            place = "$.subject" if name == "subject" else f"$.inputs.{name}"
            raise SignatureMismatch(f"{name!r} is {words}", place=place, hint=hint)


def load_release(project: Project, release: Release, known: Sequence[Loaded] = ()) -> Loaded:
    """Verify and load. Raises NotAttested, Damaged, NotFound, or ModelError when the bundle itself does not load.

    ``known``: models loaded before, whose bytes are in memory and need no second look when the digest is the same. The
    statements are checked anew for every release.
    """
    bundle = project.store.models.get(release.model).bundle
    verify_release(project.store, project.artifacts, public_keys(project), release, bundle)
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
