"""The statements of a release that this machine signs with its gate key: a verdict each, and the release's own, which names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tidemill.release.signing import attest
from tidemill.release.signing.signer import have_public, seal, signer_of
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


def sign_verdict(scope: Endpoint, model: ModelVersion, release: str, result: JsonObject) -> str:
    """The digest of the envelope of what a gate said."""
    return _put(scope, model, attest.GATE, {"release": release, **result})


def sign_release(
    scope: Endpoint,
    release: str,
    required: Mapping[str, str],
    verdicts: Sequence[str],
    previous: str | None,
    terms: JsonObject,
) -> str:
    """The digest of the envelope of the release's own statement. ``required``: gate -> blessing; ``verdicts``: their envelopes."""
    asks = scope.gates.approval
    have_public(scope.project, "approval")  # the key itself may be on a person's machine alone
    needs: JsonObject = {
        "release": release,
        "endpoint": scope.name,
        "required": dict(required),
        "attestations": list(verdicts),
        "approval": list(asks.roles) if asks else [],
        "previous": previous,
    }
    return _put(scope, scope.store.models.get(terms["model"]), attest.RELEASE, needs | terms)


def _put(scope: Endpoint, model: ModelVersion, kind: str, predicate: JsonObject) -> str:
    said = attest.statement(model.ref, model.bundle, kind, predicate)
    return scope.project.artifacts.put(seal(said, signer_of(scope.project)))
