"""Artifacts: bytes named by their SHA-256, and the codecs that turn values into them."""

from __future__ import annotations

from tidemill.store.artifacts.base import ArtifactStore
from tidemill.store.artifacts.local import LocalArtifacts

__all__ = ["ArtifactStore", "LocalArtifacts"]
