"""Who answers, and how: a subject's variant, its history, the rules, and what is usual where no model can."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from tidemill.config.rules import NO_RULES, RulesSection
from tidemill.data.check.readings import Unread, name_of, read
from tidemill.data.limited import LIMITED, whom_asks
from tidemill.errors import BadRequest, ModelError, NoModel, NotFound, SignatureMismatch, TidemillError, TooLate
from tidemill.features.items import ItemTable
from tidemill.features.online import History
from tidemill.release.variants import BASELINE, CHAMPION, LAST_GOOD, choose
from tidemill.rules.applied import Applied
from tidemill.rules.kept import check_columns, keep, rules_of
from tidemill.rules.rules import Rules
from tidemill.scope.project import Endpoint
from tidemill.serve.explain import Explainer
from tidemill.serve.fallback import Baseline
from tidemill.serve.histories import Histories
from tidemill.serve.limited import Limits
from tidemill.serve.metrics import Metrics
from tidemill.serve.pace import Pace, late
from tidemill.serve.served import Loaded, Models, Served
from tidemill.store.records import Release
from tidemill.tasks.port import NEVER_SEEN, Answered, Request
from tidemill.types import JsonObject, Micros, to_iso

_log = logging.getLogger("tidemill.serve")
_encode = msgspec.json.Encoder().encode
_NOBODY = History()
REMEMBERED = 60.0  # Seconds for which an endpoint that fell back is not all right


class Answer(NamedTuple):
    """What a model said to a request."""

    by: Loaded
    arm: str
    output: bytes  # JSON object
    cold: bool
    watermark: int
    flags: Mapping[str, str] = MappingProxyType({})  # by input, what is strange about its value
    reasons: JsonObject | None = None  # what the endpoint's rules did
    propensity: float = 1.0  # the chance with which its subject was drawn for the variant that was to answer


class Predictor(Models):
    """Answers for one endpoint, in the event loop."""

    def __init__(self, scope: Endpoint, metrics: Metrics, histories: Histories) -> None:
        super().__init__(scope, metrics)
        self.refuses = scope.model.dataset.requests == "refuse"
        self._dataset, self._histories = scope.model.dataset.name, histories
        self.history = histories.of(self._dataset)
        self._whom, self.limits = whom_asks(scope), Limits.of(scope.store)
        self._spare: tuple[int, Baseline] | None = None
        self.explainer = Explainer(scope, lambda: self.items)
        self.pace = Pace()
        self._fell_back = -math.inf  # when what is usual was answered last
        self.rules: Rules | None = None
        self._telling = threading.Lock()
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
        """Have whether the subject's data may be used, and then its history, where an answer would hold up the event loop to read them.
        Raises StoreError."""
        await self.limits.know()
        if self.limited(subject):
            if self.project.store.remote:
                await asyncio.to_thread(self._usual_now)
        elif subject and self.task.history and self._histories.lacks(self._dataset, subject):
            await self._histories.hold(self._dataset, subject)

    def limited(self, subject: str | None) -> bool:
        """Whether the subject's data may not be used: it is answered what is usual, and by no model."""
        return self.limits.hold(self._whom, subject)

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
        if chosen is None and arm != CHAMPION:  # whose it is may not be served here: nobody else's draw takes it
            chosen, arm = served.champion, CHAMPION
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
        if self.limited(body.subject):
            return self._without(body, at, seen, rules)
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
        if self.is_quick(unit) or self.limited(body.subject):
            return self.answer(body, unit, at, watermark, draw)
        seen, last = self.history.seq if watermark is None else watermark, self.served
        # The loop goes on learning rows meanwhile.
        alone = self.history.alone(body.subject) if self.task.history else self.history
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
        chosen = served.variants.get(choose(served.beside, unit), served.champion)
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
        return self._said_to_all(kept, BASELINE, body, self.history, at, seen, rules)

    def _without(self, body: Request, at: Micros, seen: int, rules: Applied | None) -> Answer:
        """What is usual, to one whose data may not be used: neither the history nor what was sent along is looked at. Raises NoModel."""
        if (kept := self._usual_now()) is None:
            raise NoModel(
                f"nothing is usual at {self.endpoint!r} yet, and this one's data may not be used",
                place="$.subject",
                hint="it is known once others were answered; tidemill subject limits says whose data is limited",
            )
        self.metrics.fallbacks.labels(self.endpoint, LIMITED, LIMITED).inc()
        return self._said_to_all(kept, LIMITED, body.nobodys(), _NOBODY, at, seen, rules)

    def _usual_now(self) -> Baseline | None:
        """What is usual, also where the endpoint does not fall back on it: then as it was when it was first needed by these releases."""
        served = self.served
        if served.baseline is not None:
            return served.baseline
        if self._spare is None or self._spare[0] != served.revision:
            found = self._usual(None if served.degraded else served.champion)
            self._spare = None if found is None else (served.revision, found)
        return self._spare[1] if self._spare else None

    def _said_to_all(
        self, kept: Baseline, arm: str, body: Request, history: History, at: Micros, seen: int, rules: Applied | None
    ) -> Answer:
        if rules is None:
            said = self.task.instead(kept.usual, body)
        else:
            said = rules.instead(self.task, kept.usual, body, history, at, seen).output
        release = Release("", self.endpoint, kept.model, arm, (), 0, 0, 0, environment=self.scope.environment)
        by = Loaded(release, "", None, self.task)
        return Answer(by, arm, _encode(said), True, seen, reasons=said.get("reasons"))

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
