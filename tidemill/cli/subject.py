"""`tidemill subject`: what the people whom the data is about may ask for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

import click

from tidemill.access.callers import local
from tidemill.cli.output import Answer, Column, Listing, Part, Table, command, fields
from tidemill.cli.progress import shown
from tidemill.errors import NOT_ALL_RIGHT, BadRequest
from tidemill.ops.rights import contest as contests
from tidemill.ops.rights import limits as verbs
from tidemill.ops.rights import notices, requests, subjects
from tidemill.ops.rights import rectify as corrections
from tidemill.ops.rights.limits import Limited
from tidemill.ops.text import plural
from tidemill.rights.requests import KINDS
from tidemill.scope.project import Project
from tidemill.types import to_iso

LIMITS: dict[str, Column] = {
    "limit": "id",
    **fields("kind", "subject", "of"),
    "purpose": lambda one: one.purpose or "every one",
    **fields("since", "by"),
    "lifted": lambda one: one.ended and to_iso(one.ended),
}


@click.group(cls=Listing)
def subject() -> None:
    """The people whom the data is about: what is held of them, and what may not be done with it any more."""


def _person(function: click.decorators.FC) -> click.decorators.FC:
    of = click.option("--kind", "of", default="", help="The contract's subject column, where there are several kinds.")
    return click.argument("subject")(of(function))


_for = click.option("--purpose", default="", help="What for; every purpose, if not said.")


@command(subject)
@_person
def restrict(project: Project, subject: str, of: str) -> Answer:
    """Keep the data of SUBJECT and use it for nothing, until it is lifted."""
    return _told(verbs.restrict(project, local(project), subject, of))


@command(subject, name="object")
@_person
@_for
def object_to(project: Project, subject: str, of: str, purpose: str) -> Answer:
    """SUBJECT objects: their data is used no more, from the next request on."""
    return _told(verbs.object_to(project, local(project), subject, of, purpose))


@command(subject)
@_person
@_for
@click.option("--withdraw", is_flag=True, help="Their consent is withdrawn.")
def consent(project: Project, subject: str, of: str, purpose: str, withdraw: bool) -> Answer:
    """The consent of SUBJECT: withdrawn, their data is used no more, from the next request on."""
    if not withdraw:
        hint = "--withdraw; where it is given again: tidemill subject lift LIMIT"
        raise BadRequest("what of the consent?", place="--withdraw", hint=hint)
    return _told(verbs.withdraw(project, local(project), subject, of, purpose))


@command(subject)
@click.argument("limit")
def lift(project: Project, limit: str) -> Answer:
    """LIMIT stands no more: the data is used again, what was kept meanwhile too."""
    return _told(verbs.lift(project, local(project), limit))


@command(subject)
@click.option("--all", "every", is_flag=True, help="Those too that were lifted.")
def limits(project: Project, every: bool) -> Answer:
    """Whose data may not be used."""
    found = verbs.ls(project, local(project), every)
    return Answer(found, [Table(LIMITS, found, "nobody's data is limited")])


def _told(found: Limited) -> Answer:
    said = f"{plural(found.confirmed, 'scorer')} go by it"
    said += f", {found.ended} whose lease ended answer nobody until they do" if found.ended else ""
    unknown = f"{found.limit.subject} is in no prediction, outcome or history: look at the spelling"
    late = [f"NOT YET known to {', '.join(found.waiting)}: stop it there"] if found.waiting else []
    parts: list[Part] = [Table(LIMITS, [found.limit]), said, *([] if found.seen else [unknown]), *late]
    return Answer(found, parts, 0 if found.everywhere else NOT_ALL_RIGHT)


REQUESTS: dict[str, Column] = {
    "request": "id",
    **fields("kind", "subject", "of", "state", "received"),
    "until": lambda one: to_iso(one.due) if one.due else "it is released",
    **fields("by"),
    "why": lambda one: one.reason or one.extended or one.why,
}
_why = click.option("--why", required=True, help="For whoever looks at it later.")


def _asked(found: requests.RequestShown) -> Answer:
    return Answer(found, [Table(REQUESTS, [found])])


@command(subject)
@_person
@click.option("--for", "kind", type=click.Choice(KINDS), required=True, help="What they ask for.")
@click.option("--received", default="", help="The day on which it came, as 2026-11-20; left out: now.")
@click.option("--why", default="", help="What is to be known of it.")
def request(project: Project, subject: str, of: str, kind: str, received: str, why: str) -> Answer:
    """Take down what SUBJECT asks for: it has to be answered within a month."""
    return _asked(requests.take_down(project, local(project), subject, cast(requests.Asks, kind), of, why, received))


@command(subject, name="requests")
@click.option("--all", "every", is_flag=True, help="Those too that have ended.")
def requests_(project: Project, every: bool) -> Answer:
    """What people have asked for, the nearest day first, and whose data is held. Exit code 9: one is overdue."""
    found = requests.ls(project, local(project), every)
    late = any(one.state == "overdue" for one in found)
    return Answer(found, [Table(REQUESTS, found, "nothing waits")], NOT_ALL_RIGHT if late else 0)


@command(subject)
@click.argument("request")
@_why
def extend(project: Project, request: str, why: str) -> Answer:
    """Two months more for REQUEST, once; tell the person why within the first."""
    return _asked(requests.extend(project, local(project), request, why))


@command(subject)
@click.argument("request")
@click.option("--how", type=click.Choice(["done", "refused", "withdrawn"]), default="done", show_default=True)
@_why
def close(project: Project, request: str, how: str, why: str) -> Answer:
    """REQUEST has ended by other means than a command here."""
    return _asked(requests.close(project, local(project), request, why, cast(requests.Ended, how)))


@command(subject)
@_person
@click.option("--until", default="", help="A day, as 2027-06-30; left out: until it is released.")
@_why
def hold(project: Project, subject: str, of: str, until: str, why: str) -> Answer:
    """The data of SUBJECT may not be erased: for a lawsuit, say."""
    return _asked(requests.hold(project, local(project), subject, why, until, of))


@command(subject)
@click.argument("request")
@_why
def release(project: Project, request: str, why: str) -> Answer:
    """The hold REQUEST stands no more."""
    return _asked(requests.release(project, local(project), request, why))


def _cells(said: tuple[str, ...], place: str) -> dict[str, str]:
    """By column its value. Raises BadRequest."""
    parts = [one.partition("=") for one in said]
    if wrong := next((name for name, equals, _ in parts if not (name and equals)), None):
        raise BadRequest(f"{wrong!r} is no COLUMN=VALUE", place=place)
    found = {name: value for name, _, value in parts}
    if len(found) < len(parts):
        raise BadRequest("a column is said twice", place=place)
    return found


@command(subject)
@_person
@click.option("--dataset", required=True, help="Which rows.")
@click.option(
    "--key",
    "key",
    multiple=True,
    required=True,
    metavar="COLUMN=VALUE",
    help="Which row; repeat for each column of its key.",
)
@click.option(
    "--set",
    "said",
    multiple=True,
    required=True,
    metavar="COLUMN=VALUE",
    help="What it says from now on; repeat for several.",
)
def rectify(
    project: Project, subject: str, of: str, dataset: str, key: tuple[str, ...], said: tuple[str, ...]
) -> Answer:
    """Correct a row of SUBJECT: a new version of the dataset, known to every scorer; the models that learned from it are named."""
    cells = _cells(key, "--key"), _cells(said, "--set")
    found = corrections.rectify(project, local(project), subject, dataset, *cells, of)
    if not found.columns:
        return Answer(found, [f"the row says so already, in version {found.version} of {dataset}"])
    parts = [f"{', '.join(found.columns)} corrected in version {found.version} of {dataset}"]
    parts += [f"learned from the row as it was: {', '.join(found.models)}"] if found.models else []
    parts += [f"and answer now: {', '.join(found.serving)}; train again: tidemill run"] if found.serving else []
    return Answer(found, parts)


@command(subject)
@click.argument("prediction")
@click.option("--why", required=True, help="What the person says about it.")
def contest(project: Project, prediction: str, why: str) -> Answer:
    """Have a person decide on an answer: it waits for whom the policy names, and the inbox shows it."""
    found = contests.contest(project, local(project), prediction, why)
    return Answer(found, [f"{found.approval.id} {found.text}", f"tidemill inbox show {found.approval.id}"])


TOLD: dict[str, Column] = {"column": "name", **fields("type", "means")}
ANSWERS: dict[str, Column] = fields("endpoint", "model", "task")


@command(subject)
@click.argument("dataset")
def notice(project: Project, dataset: str) -> Answer:
    """What whoever is in DATASET is to be told, from its contract and the policy; and what nobody has said yet."""
    found = notices.show(project, dataset)
    facts = {
        "about": found.about or "nobody says whom",
        "for": ", ".join(found.purposes) or "nobody says what for",
        "responsible": found.owner or "nobody is named",
        "read by": ", ".join(found.readers) or "whoever reads the project",
        "answers are kept": found.answers_kept or "always",
    }
    parts: list[Part] = [facts, Table(TOLD, found.columns), Table(ANSWERS, found.answers, "no model answers from it")]
    parts += ["they have the right", *(f"- {one}" for one in found.rights)]
    parts += ["to be said, too", *(f"- {one}" for one in found.missing)]
    return Answer(found, parts)


HELD: dict[str, Column] = {"store": "store", "place": "place", "records": "records"}
ROWS: dict[str, Column] = {"dataset": "dataset", "subject column": "kind", "rows": "rows", "since version": "first"}


@command(subject)
@_person
def find(project: Project, subject: str, of: str) -> Answer:
    """Where SUBJECT is: every store that holds them, the models that learned from them and that answered them."""
    found = subjects.find(project, local(project), subject, of or None)
    said = [f"learned from them: {', '.join(found.learned) or 'no model'}"]
    said += [f"answered them: {', '.join(found.answered) or 'no model'}"]
    return Answer(
        found, [Table(ROWS, list(found.rows), "no row of a dataset"), Table(HELD, list(found.holdings)), *said]
    )


@command(subject)
@_person
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="A new folder, or a new file that ends in .zip."
)
def export(project: Project, subject: str, of: str, out: Path) -> Answer:
    """Give out all that is held of SUBJECT: JSON lines and CSV, what they mean, and what answers were made of."""
    with shown() as bar:
        found = subjects.export(project, local(project), subject, of or None, out, partial(bar, "records written"))
    counted = Table(
        {"store": "store", "records": "records"}, [{"store": k, "records": n} for k, n in found.records.items()]
    )
    return Answer(
        found, [counted, f"{found.explained} of {found.answers} answers explained", f"written to {found.path}"]
    )


TABLES: dict[str, Column] = {
    "table": "dataset",
    "generation": "number",
    "rows taken out": "removed",
    "files rewritten": "rewritten",
    "files as they were": "linked",
}


@command(subject)
@_person
@click.option("--dry-run", is_flag=True, help="Say what would be taken out, and change nothing.")
@click.option("--yes", is_flag=True, help="Do it: it cannot be undone.")
@click.option(
    "--why", default="", help="For whoever has to say yes, where the policy asks somebody; no name of a person."
)
def forget(project: Project, subject: str, of: str, dry_run: bool, yes: bool, why: str) -> Answer:
    """Take SUBJECT out of every version of everything; the same again goes on where a stop left it."""
    from tidemill.ops.rights import forget as erasing  # it loads what writes tables

    if dry_run:
        plan = erasing.planned(project, local(project), subject, of or None)
        held = [{"store": store, "records": n} for store, n in plan.held.items()]
        said = f"learned from them: {', '.join(plan.learned) or 'no model'}; nothing was changed"
        return Answer(plan, [Table({"store": "store", "records": "records"}, held, "nothing is held"), said])
    if not yes:
        hint = "look first: --dry-run; then: --yes"
        raise BadRequest("what is forgotten does not come back", place="--yes", hint=hint)
    done = erasing.forget(project, local(project), subject, of or None, why=why)
    if isinstance(done, erasing.Waiting):
        asked = done.approval
        waits = [
            f"NOT FORGOTTEN YET: {asked.approval.id} waits, {asked.text}",
            "when it is approved, the same command does it",
        ]
        return Answer(done, [*waits, f"tidemill inbox show {asked.approval.id}"], NOT_ALL_RIGHT)
    parts: list[Part] = [Table(TABLES, list(done.tables), "no table held them")]
    parts.append(f"removed, to be made anew when asked for: {plural(len(done.artifacts), 'artifact')}")
    if done.learned:
        parts.append(f"TO RETRAIN, they learned from the person: {', '.join(done.learned)}")
    if done.done:
        parts.append(f"forgotten; signed receipt: {done.receipt}")
    else:
        parts += ["NOT FORGOTTEN YET, what is below still names the person", Table(HELD, list(done.remaining))]
    return Answer(done, parts, 0 if done.done else NOT_ALL_RIGHT)
