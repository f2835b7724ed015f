"""Artifacts: bytes named by their digest, in a folder or in object storage, and how values become such bytes.

`port` says what a store promises; `local` keeps them in a folder, `objects` in a bucket, with copies in a folder. `codecs` turns
tables, bundles and JSON into bytes and back, never by pickle; `recorded` writes a row of each; `holder` finds a person in them.
"""

from __future__ import annotations

from tidemill.store.artifacts.port import Artifacts

__all__ = ["Artifacts", "open_artifacts"]


def open_artifacts(address: str) -> Artifacts:
    """The store that `Artifacts.address` names: a folder, or ``s3://BUCKET/PREFIX#COPIES``. Raises StoreError, ConfigError."""
    if "://" in address:
        from tidemill.store.artifacts.objects import ObjectArtifacts

        return ObjectArtifacts(address)
    from tidemill.store.artifacts.local import LocalArtifacts

    return LocalArtifacts(address)
