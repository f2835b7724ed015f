"""Whether a release may be served as it lies here: every byte and every signed statement of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.errors import Damaged, NotAttested, NotFound
from tidemill.release.signing.attest import verify_release
from tidemill.release.signing.attested import check_policy
from tidemill.release.signing.trust import public_keys
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Release

if TYPE_CHECKING:
    from tidemill.scope.project import Project


def why_unfit(project: Project, release: Release) -> str:
    """What is damaged or not signed about it as it lies here, asked without loading it; "" where every byte and statement is right.

    Raises StoreError where the store itself cannot be read, NotAttested where this machine has no keys to verify with:
    both say nothing about a release.
    """
    keys = public_keys(project)
    try:
        bundle = project.store.models.get(release.model).bundle
        verify_release(project.store, project.artifacts, keys, release, bundle)
        check_policy(project, release, keys)
        get_bundle(project.artifacts, bundle)
    except (Damaged, NotAttested, NotFound) as exc:
        return str(exc)
    return ""
