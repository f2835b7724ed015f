"""The documents: which sections each has, by whom it is asked for, and where their sentences come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tidemill.errors import NotFound
from tidemill.ref import Ref
from tidemill.rights.documents import gathered
from tidemill.rights.documents.statement import Document, Statement, said
from tidemill.types import did_you_mean, to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project

Sentences = Iterator[Statement]


def processing(project: Project) -> Sentences:
    yield from gathered.owner(project, "Controller (30.1 a)")
    yield from gathered.purpose(project, "Purposes (30.1 b)")
    yield from gathered.data(project, "Categories of people and of data (30.1 c)")
    yield from gathered.readers(project, "Recipients (30.1 d)")
    text = "the stores are where tidemill.toml says; whether that is another country the project does not know"
    yield Statement("Transfers (30.1 e)", text, (f"project:{project.id}",), True)
    yield from gathered.retention(project, "Time limits for erasure (30.1 f)")
    yield from gathered.safeguards(project, "Security measures (30.1 g)")


def assessment(project: Project) -> Sentences:
    yield from gathered.purpose(project, "What is done, and what for (35.7 a)")
    yield from gathered.data(project, "What is done, and what for (35.7 a)")
    yield from gathered.models(project, "What is done, and what for (35.7 a)")
    section = "Necessity and proportion (35.7 b)"
    yield Statement(
        section,
        "whether less data would do is a person's judgement; tidemill models features names inputs that add nothing",
        (),
        True,
    )
    section = "Risks to the people (35.7 c)"
    for release in project.store.releases.list(status="champion"):
        for alarm in project.store.alarms.list(is_open=True, endpoint=release.endpoint):
            yield Statement(section, f"open alarm of {alarm.kind}: {', '.join(alarm.what[:2])}", (f"alarm:{alarm.id}",))
    limits = project.store.limits.list(is_open=True)
    yield Statement(
        section,
        f"{len(limits)} people have restricted, objected or withdrawn",
        tuple(f"limit:{one.id}" for one in limits[:50]) or (f"project:{project.id}",),
    )
    yield from gathered.safeguards(project, "Measures against them (35.7 d)")
    yield from gathered.retention(project, "Measures against them (35.7 d)")


def ai_act(project: Project) -> Sentences:
    """An index: where what each article asks for is. Duties of high-risk systems apply from December 2027."""
    yield from gathered.purpose(project, "Annex IV 1: general description")
    yield from gathered.models(project, "Annex IV 2: development and data")
    yield from gathered.data(project, "Annex IV 2: development and data")
    for release in project.store.releases.list(status="champion"):
        try:
            model = project.store.models.get(release.model)
        except NotFound:
            continue  # `models` has said it
        yield from gathered.figures(project, "Annex IV 2 g: tests", model)
    yield from _decided(project, "Annex IV 6: changes through its life")
    section = "Article 12: records of events"
    events = project.store.events.page(limit=1)
    told = (
        f"events are kept from the first on; the last is {events[0].kind} at {to_iso(events[0].at)}" if events else ""
    )
    yield said(section, told, [f"event:{one.id}" for one in events], "no event is kept")
    section = "Article 19 and 26.6: logs that are kept"
    yield from gathered.retention(project, section)
    section = "Article 14 and 26.2: oversight by people"
    asked = project.store.approvals.page(limit=20)
    text = f"{len(asked)} of the latest questions to people" if asked else ""
    yield said(section, text, [f"approval:{one.id}" for one in asked], "nobody was asked for an approval yet")


def _decided(project: Project, section: str) -> Sentences:
    for one in project.store.decisions.page(limit=20):
        yield Statement(section, f"{to_iso(one.at)} {one.action}: {one.reason}", (f"decision:{one.id}",))
    for release in project.store.releases.page(limit=20):
        forced = f", past its gates by hand: {release.override}" if release.override else ""
        yield Statement(
            section, f"{release.model} at {release.endpoint}: {release.status}{forced}", (f"release:{release.id}",)
        )


def data_sheet(project: Project) -> Sentences:
    yield from gathered.purpose(project, "Motivation")
    yield from gathered.owner(project, "Motivation")
    yield from gathered.data(project, "Composition")
    for name in project.datasets:
        for version in project.store.datasets.page(dataset=name, limit=20):
            text = f"version {version.version}: {version.rows:,} rows, digest {version.digest[:19]}, made {to_iso(version.created)}"
            yield Statement("Collection", f"{name} {text}", (str(Ref("dataset", name, version.version)),))
    yield said("Use", project.license, [f"project:{project.id}"], "no licence is said: [project] license")
    for model in project.store.models.list()[-20:]:
        yield Statement("Use", f"{model.ref} learned from {', '.join(model.data)}", (model.ref,))
        yield from gathered.gaps(project, "Use", model)
    yield from gathered.retention(project, "Maintenance")


DOCUMENTS: dict[str, tuple[str, str, Callable[[Project], Sentences]]] = {
    "processing": ("Record of processing", "Regulation (EU) 2016/679, Article 30", processing),
    "dpia": ("Data protection impact assessment: a draft", "Regulation (EU) 2016/679, Article 35", assessment),
    "ai-act": (
        "Index of the technical documentation",
        "Regulation (EU) 2024/1689, Annex IV and Articles 12, 14, 19, 26 (duties of high-risk systems from December 2027)",
        ai_act,
    ),
    "datasheet": ("Data sheet", "Gebru et al., Datasheets for Datasets (2021)", data_sheet),
}


def write(project: Project, name: str) -> Document:
    """One of `DOCUMENTS` as of now. Raises NotFound."""
    if name not in DOCUMENTS:
        hint = did_you_mean(name, DOCUMENTS) or f"one of: {', '.join(DOCUMENTS)}"
        raise NotFound(f"no document is called {name!r}", place="document", hint=hint)
    title, of, sentences = DOCUMENTS[name]
    return Document(name, f"{title}: {project.name}", of, to_iso(project.clock.now()), tuple(sentences(project)))
