"""A/B tests and the holdout: planned, begun, looked at, ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from msgspec import Meta

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.config.amounts import percent, some_share, some_time
from tidemill.errors import BadRequest, Conflict, NotFound
from tidemill.experiment import arms, holdout
from tidemill.experiment.plan import Plan
from tidemill.experiment.planned import plan_of
from tidemill.experiment.stands import Standing, next_step, sentence, standing, windows_of
from tidemill.experiment.verdict import WORDS
from tidemill.learning.measures import measure
from tidemill.model import registry
from tidemill.ops.page import Before, Limit, Page, page
from tidemill.scope.names import chosen_by
from tidemill.scope.project import Endpoint, Project
from tidemill.store.records import Experiment, Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import JsonObject, did_you_mean

Then = Literal["tell", "release"]
Text = Annotated[str, Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class Shown:
    """An A/B, how it stands, and what may be done now."""

    experiment: Experiment
    said: str  # its verdict in words, or how it stands
    sentence: str  # what its figures say
    standing: JsonObject
    failed: list[int]  # by arm, requests that it could not answer
    next: str  # a command


def plan(
    project: Project,
    share: Text = "100 %",
    effect: Text = "",
    metric: Text = "",
    span: Text = "",
    endpoint: str | None = None,
) -> Plan:
    """How long an A/B takes here. ``effect``: what it shall find; nothing said: the least useful one. ``span``: the time it would have."""
    from tidemill.release.gates.port import least_useful_of

    scope = project.endpoint(endpoint)
    wanted = some_share(effect, most=10.0) if effect else least_useful_of(scope)
    return plan_of(scope, _share(share), wanted, _metric(scope, metric), some_time(span) if span else None)


def said(found: Plan) -> str:
    """The plan in a sentence.

    >>> said(Plan("recall@20", 0.02, 1.0, 0.3, 4000.0, 900.0, 9000, 28, 8.2, 1.0, None))
    'needs 9 days for a 2% effect at your traffic (4,000 requests of 900 subjects a day, recall@20 0.300), and 1 more for its labels'
    """
    traffic = f"{found.requests_a_day:,.0f} requests of {found.subjects_a_day:,.0f} subjects a day"
    level = "" if found.level is None else f", {found.metric} {measure(found.metric).text(found.level)}"
    if found.level is None:
        return f"nobody knows yet how long it takes: {found.why} ({traffic})"
    if found.days is None:
        return f"cannot find a {percent(found.effect)} effect at your traffic ({traffic}{level}): {found.why}"
    days = -int(-found.days // 1)
    more = -int(-found.labels_after // 1)
    labels = f", and {more} more for its labels" if more else ""
    return f"needs {days} day{'s' * (days != 1)} for a {percent(found.effect)} effect at your traffic ({traffic}{level}){labels}"


@needs("experiment.start")
def start(
    project: Project,
    caller: Caller,
    model_a: str,
    model_b: str,
    share: str = "100 %",
    metric: str = "",
    effect: str = "",
    span: str = "",
    then: Then = "tell",
    anyway: bool = False,
    endpoint: str | None = None,
) -> Shown:
    """Begin an A/B of two models. Raises Conflict where another runs, or where it cannot be decided in the time that it is given
    (``anyway`` begins it all the same), ReleaseError where an arm may not answer."""
    from tidemill.release.gates.port import least_useful_of

    models = registry.resolve(project, model_a), registry.resolve(project, model_b)
    scope = project.serving(models[0].name, endpoint)
    if (other := arms.running(scope)) is not None:
        raise Conflict(
            f"{other.id} runs at {scope.name}",
            place=scope.name,
            hint=f"one at a time: tidemill experiment stop {other.id}",
        )
    found = plan(project, share, effect, metric, span, scope.name)
    if (found.days is None and not anyway) or (not span and found.days is None):
        hint = "give it more subjects (--share), a larger --effect, or begin it all the same: --anyway, with --for"
        raise Conflict(said(found), place=scope.name, hint=hint)
    wanted = int(-(-(found.days or 0.0) // 1)) * 86_400_000_000
    given = some_time(span) if span else 2 * wanted
    if not anyway and wanted > given:
        seen = f"; {span} find one of {percent(found.visible)}" if found.visible else ""
        hint = "give it that time, ask for a larger --effect, or begin it all the same: --anyway"
        raise Conflict(f"not decided in {span}: {said(found)}{seen}", place=scope.name, hint=hint)
    from tidemill.experiment.start import Terms
    from tidemill.experiment.start import start as begin

    terms = Terms(found.share, found.metric, found.effect, least_useful_of(scope), given, then)
    made = begin(scope, models, terms, caller.name, asdict(found))
    return show(project, made.id)


@needs("experiment.stop")
def stop(
    project: Project, caller: Caller, experiment: str, reason: Annotated[str, Meta(max_length=2_000)] = ""
) -> Shown:
    """End the one that runs: both arms answer nobody any more. Raises Conflict where it has ended."""
    found = named_here(project, experiment)
    if found.status != arms.RUNNING:
        raise Conflict(
            f"it has ended: {WORDS[found.verdict]}", place=found.id, hint=f"tidemill experiment show {found.id}"
        )
    arms.end(project.endpoint(found.endpoint), found, "stopped", reason or "by hand", by=caller.name)
    return show(project, found.id)


def the_one(project: Project, endpoint: str | None = None) -> Experiment:
    """The one that runs at this endpoint. Raises NotFound."""
    scope = project.endpoint(endpoint)
    if (found := arms.running(scope)) is None:
        raise NotFound(f"no A/B runs at {scope.name}", hint="tidemill experiment ls lists those that did")
    return found


def ls(project: Project, limit: Limit = 100, before: Before = None, endpoint: str | None = None) -> Page[Experiment]:
    """A/B tests, the latest first."""
    name = endpoint and project.endpoint(endpoint).name
    return page(project.store.experiments.page, limit, before, endpoint=name, environment=project.environment)


def show(project: Project, experiment: str) -> Shown:
    """One A/B, and how it stands."""
    found = named_here(project, experiment)
    now = standing(windows(project, found))
    counted = project.store.releases.failures(found.endpoint, found.environment)
    failed = [counted.get(release, 0) for release in found.arms]
    return Shown(found, said_of(found, now), sentence(found, now.estimate), _told(now), failed, next_step(found))


def windows(project: Project, experiment: Experiment) -> list[Window]:
    """Its windows, oldest first; none of an endpoint that there is no more."""
    scope = project.endpoints.get(experiment.endpoint)
    return list(windows_of(scope, experiment)) if scope is not None else []


def said_of(found: Experiment, now: Standing) -> str:
    """How it ended, or how it stands."""
    if found.status == arms.RUNNING:
        return f"no verdict: {now.words}" if now.held else WORDS[""]
    ended = WORDS[found.verdict]
    if found.settled and found.settled != found.verdict:
        return f"{ended}; {WORDS[found.settled]}, now that all labels are in"
    return ended


def named_here(project: Project, experiment: str) -> Experiment:
    """The one of this name, in this environment. Raises NotFound, Conflict."""
    found = project.store.experiments.named(experiment)
    if found.environment != project.environment:
        raise Conflict(f"{found.id} is of another environment", hint=chosen_by(found.environment))
    return found


def worth(project: Project, endpoint: str | None = None) -> list[holdout.Worth]:
    """What the loop was worth at each endpoint that holds some subjects out."""
    scopes = project.endpoints.values() if endpoint is None else [project.endpoint(endpoint)]
    return [found for scope in scopes if (found := holdout.worth(scope)) is not None]


def said_of_worth(found: holdout.Worth) -> str:
    """In a sentence.

    >>> from tidemill.experiment.sums import Estimate
    >>> one = Estimate(0.21, 0.02, 0.15, 0.27, (0.25, 0.3025), (900, 8100))
    >>> said_of_worth(holdout.Worth("popularity", 0.1, "model:shop@2", "recall@20", 0, 1, (900, 8100), one, 0))
    'the loop was worth +21.0 % (95 %: +15.0 to +27.0 %) beside popularity, which answers 10%: recall@20 0.302 against 0.250'
    """
    by = "the first model, left alone" if found.answered_by == "first" else found.answered_by
    who = f"beside {by}, which answers {percent(found.share)}"
    if found.estimate is None:
        return f"too little is known yet of what the loop is worth {who}"
    one, kind = found.estimate, measure(found.metric)
    level = f"{kind.text(one.figures[1])} against {kind.text(one.figures[0])}"
    sure = f"(95 %: {one.low * 100:+.1f} to {one.high * 100:+.1f} %)"
    return f"the loop was worth {one.gain * 100:+.1f} % {sure} {who}: {found.metric} {level}"


def _told(now: Standing) -> JsonObject:
    found = asdict(now)
    return {**found, "estimate": found["estimate"] and {**found["estimate"], "error": None}, "words": now.words}


def _share(text: str) -> float:
    share = some_share(text, most=1.0000001)
    return min(share, 1.0)


def _metric(scope: Endpoint, metric: str) -> str:
    """Raises BadRequest for one that single answers do not give."""
    judge = outcome_scorer_of(scope.model)
    if metric and metric not in judge.metrics:
        raise BadRequest(
            f"{metric!r} is not known of single answers", place="metric", hint=did_you_mean(metric, judge.metrics)
        )
    return metric or judge.measure.name
