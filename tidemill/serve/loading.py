"""Loads a model for serving: only bytes that match their digests, and that signed statements allow here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy import float64
from numpy.typing import NDArray

from tidemill.errors import ModelError, NotAttested, TidemillError
from tidemill.release.signing.attest import verify_release
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Release
from tidemill.tasks import scoring
from tidemill.types import JsonObject, Micros


class Recommends(Protocol):
    """A scorer that answers with items."""

    half_life: Micros

    def recommend(
        self, items: Sequence[str], values: NDArray[float64], at: Micros, k: int
    ) -> tuple[list[str], NDArray[float64]]: ...


class Predicts(Protocol):
    """A scorer that answers a row of a table."""

    def predict(self, inputs: Mapping[str, Any]) -> JsonObject: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, and the release that it answers for."""

    release: Release
    bundle: str
    scorer: Any

    @property
    def recommends(self) -> bool:
        return hasattr(self.scorer, "recommend")


def load_release(project: Project, release: Release, known: Sequence[Loaded] = ()) -> Loaded:
    """Verify and load. Raises NotAttested, Damaged, NotFound, or ModelError when the bundle itself does not load.

    ``known``: models loaded before, whose bytes are in memory and need no second look when the digest is the same. The
    statements are checked anew for every release.
    """
    bundle = project.store.models.get(release.model).bundle
    verify_release(project.store, project.artifacts, public_keys(project), release, bundle)
    for before in known:
        if before.bundle == bundle:
            return Loaded(release, bundle, before.scorer)
    return Loaded(release, bundle, load_scorer(project, bundle))


def load_scorer(project: Project, bundle: str) -> Any:
    """The scorer of a bundle whose every byte is verified. Raises Damaged, NotFound, ModelError."""
    verified = get_bundle(project.artifacts, bundle)
    try:
        return scoring.load(verified)
    except TidemillError:
        raise
    except Exception as exc:
        raise ModelError(f"the bundle does not load: {type(exc).__name__}: {exc}", place=bundle) from exc


def why_refused(exc: TidemillError) -> str:
    """One word for metrics and events."""
    return "not_attested" if isinstance(exc, NotAttested) else exc.code
