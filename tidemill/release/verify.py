"""The pipeline `verify`: a version is built again from its record, and what came of it is signed with the project's key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.engine import Context, pipeline, step
from tidemill.rebuild.report import KIND, VERIFY
from tidemill.release.signing.attest import statement
from tidemill.release.signing.signer import have_public, seal, signer_of
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Project


@step(impure="builds the version in a process of its own")
def rebuild(model: str, environment: str, ctx: Context) -> JsonObject:
    """What came of it: `tidemill.rebuild.report.Verified`."""
    from tidemill.rebuild.verify.verify import verified

    project: Project = ctx.resource("project")
    ctx.read(model)
    told: JsonObject = msgspec.to_builtins(
        verified(project, project.store.models.get(model), environment, ctx.progress)
    )
    return told


@step(impure="signs with the project's key")
def sign(model: str, report: JsonObject, ctx: Context) -> bytes:
    """The report in a signed DSSE envelope, about the version and its bundle."""
    project: Project = ctx.resource("project")
    have_public(project, "approval")  # the key itself may be on a person's machine alone
    said = statement(model, project.store.models.get(model).bundle, KIND, {"report": report})
    return seal(said, signer_of(project))


@pipeline(name=VERIFY)
def verify_pipeline(model: str, environment: str) -> dict[str, Any]:
    """rebuild → sign."""
    report = rebuild(model, environment)  # type: ignore[call-arg]
    return {"report": report, "signed": sign(model, report)}  # type: ignore[call-arg]
