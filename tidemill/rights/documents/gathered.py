"""What several documents say in the same words: data, who may read it, models, releases, safeguards. Each with its records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidemill.access.policy import policy_of
from tidemill.data.contract.purposes import purposes_of
from tidemill.errors import NotFound, TidemillError
from tidemill.model.card.facts import facts
from tidemill.ref import Ref
from tidemill.rights.documents.statement import Statement, said
from tidemill.rights.subjects.meaning import recipients
from tidemill.store.records import ModelVersion, Release
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def purpose(project: Project, section: str) -> Iterator[Statement]:
    yield said(section, project.purpose, [f"project:{project.id}"], 'nobody has said what for: [project] purpose = "…"')
    yield said(section, project.goal.words, [f"project:{project.id}"], "no goal is said: [goal]")


def owner(project: Project, section: str) -> Iterator[Statement]:
    yield said(
        section, project.goal.owner, [f"project:{project.id}"], "nobody is named who answers for it: [goal] owner"
    )


def data(project: Project, section: str) -> Iterator[Statement]:
    """Of each dataset: of whom, how much, since when, for what."""
    from tidemill.data.contract.contract import Contract  # here: the server, which knows these verbs, loads no tables

    for name, dataset in project.datasets.items():
        try:
            contract = Contract.load(dataset.contract_path)
            purposes = ", ".join(purposes_of(dataset.contract_path))
        except TidemillError as exc:
            yield Statement(
                section, f"the contract of {name} cannot be read: {exc.message}", (f"dataset:{name}",), True
            )
            continue
        latest = next(iter(project.store.datasets.page(dataset=name, limit=1)), None)
        if latest is None:
            yield Statement(section, f"{name}: no version yet", (f"dataset:{name}",), True)
            continue
        ref = str(Ref("dataset", name, latest.version))
        of = f"about people by {contract.subject}" if contract.subject else "without a column that names a person"
        columns = ", ".join(column.name for column in contract.columns)
        yield Statement(section, f"{name}: {latest.rows:,} rows {of}; columns: {columns}", (ref,))
        if contract.subject:
            yield said(
                section,
                f"{name} is used for: {purposes}" if purposes else "",
                [ref],
                f"the contract of {name} says no purpose: tidemill.purpose",
            )


def readers(project: Project, section: str) -> Iterator[Statement]:
    told = recipients(project)
    if "why" in told:
        yield Statement(section, str(told["why"]), (), True)
    else:
        text = (
            f"{told['accounts']} accounts of the roles {', '.join(told['roles'])} may read what is kept of one person"
        )
        yield Statement(section, text, (_policy(project),))


def retention(project: Project, section: str) -> Iterator[Statement]:
    kept = project.reached.keep
    yield said(
        section,
        f"what was asked and answered is kept for {kept}" if kept else "",
        ["setting:serve.keep"],
        "what was asked and answered is kept without an end: [serve] keep",
    )


def safeguards(project: Project, section: str) -> Iterator[Statement]:
    """What keeps strangers out and shows what was done."""
    text = "every route needs a token or a session; what no permission names nobody may"
    yield Statement(section, text, (_policy(project),))
    heads = project.store.ledger_heads.list()
    if heads:
        last = heads[-1]
        where = f"anchored at {', '.join(last.anchors)}" if last.anchors else "anchored nowhere"
        text = f"acts are in a ledger, hashed record by record; its head of {last.size:,} records is signed and {where}"
        yield Statement(section, text, (f"ledger:{last.size}",), not last.anchors)
    else:
        yield Statement(section, "the ledger has no signed head: tidemill ledger head", (), True)
    digest = policy_of(project).digest
    yield said(
        section,
        f"the project has a policy of its own ({digest[:19]})" if digest else "",
        [_policy(project)],
        "no policy.toml: the policy that comes with Tidemill counts",
    )


def _policy(project: Project) -> str:
    """The policy that counts, by its digest; ``policy:shipped`` is the one that comes with Tidemill."""
    return f"policy:{policy_of(project).digest or 'shipped'}"


def models(project: Project, section: str) -> Iterator[Statement]:
    """Each version that serves somewhere, and what it was made from."""
    champions = project.store.releases.list(status="champion")
    if not champions:
        yield Statement(section, "no model serves", (), True)
    for release in champions:
        yield from _served(project, section, release)


def _served(project: Project, section: str, release: Release) -> Iterator[Statement]:
    try:
        model = project.store.models.get(release.model)
    except NotFound:
        yield Statement(
            section, f"{release.model} serves {release.endpoint}, and its record is gone", (release.model,), True
        )
        return
    since = to_iso(release.created)
    yield Statement(
        section,
        f"{model.ref} answers at {release.endpoint} since {since}, made by {model.author or 'nobody who is named'} from {', '.join(model.data)}",
        (model.ref, f"release:{release.id}"),
    )
    yield from gaps(project, section, model)


def gaps(project: Project, section: str, model: ModelVersion) -> Iterator[Statement]:
    """Records that a model stands on and that are not there any more, by their names."""
    if model.run and project.store.runs.look_up(model.run) is None:
        yield Statement(section, f"the run that made {model.ref} is not there any more", (f"run:{model.run}",), True)
    for ref in model.data:
        name, version = Ref.versioned("dataset", ref)
        try:
            project.store.datasets.get(name, version)
        except NotFound:
            yield Statement(section, f"{ref}, of which {model.ref} learned, is not there any more", (ref,), True)


def figures(project: Project, section: str, model: ModelVersion) -> Iterator[Statement]:
    """What its test showed, with its bands."""
    for one in facts(project, model).figures[:20]:
        band = f" ({one.low:.4g} to {one.high:.4g})" if one.low is not None and one.high is not None else ""
        whose = f" of {one.of}" if one.of else ""
        yield Statement(section, f"{one.metric}{whose} on {one.slice}: {one.value:.4g}{band}", (model.ref,))
