"""``[engine]``: where steps and trials run that do not run in the process of a run; left out, in children on this machine."""

from __future__ import annotations

import re

from tidemill.config.amounts import some_bytes
from tidemill.config.sections import Section
from tidemill.config.stores import StoresSection
from tidemill.errors import ConfigError

_ADDRESS = re.compile(r"auto|[A-Za-z0-9.-]{1,253}:[0-9]{1,5}")
MOST_WORKERS = 256


class EngineSection(Section, frozen=True):
    """``[engine]``: the ``runner`` (an entry point of ``tidemill.runners``, such as ``ray``) and its ``address``; how many ``workers``
    do the parts of a step side by side; the ``cpus``, ``memory`` and ``gpus`` that a cluster keeps for each part and fit of a model."""

    runner: str = ""
    address: str = "auto"
    workers: int = 1
    cpus: int = 1
    memory: str = ""
    gpus: int = 0

    @property
    def asks(self) -> int | None:
        """Bytes of memory that a trial or a fit asks for."""
        return some_bytes(self.memory) if self.memory else None


def check_engine(engine: EngineSection, stores: StoresSection) -> tuple[str, str, str] | None:
    """(key, what is wrong with it, hint); None where nothing is.

    >>> check_engine(EngineSection(runner="ray", address="10.0.0.5:6379"), StoresSection())
    """
    if engine.address.startswith("ray://"):
        hint = "make this machine one of the cluster's (ray start --address=HOST:6379 --num-cpus=0) and write 'HOST:6379' or 'auto'"
        return "address", "Ray's client does not hand on what a step tells while it runs", hint
    if not _ADDRESS.fullmatch(engine.address):
        return (
            "address",
            f"{engine.address[:80]!r} is no address of a cluster",
            "write it as '10.0.0.5:6379', or 'auto'",
        )
    for key, least, most in (("workers", 1, MOST_WORKERS), ("cpus", 1, 10_000), ("gpus", 0, 10_000)):
        if not least <= getattr(engine, key) <= most:
            return key, f"{key} is at least {least} and at most {most}", f"{key} = {max(least, 1)}"
    try:
        _ = engine.asks
    except ConfigError as exc:
        return "memory", exc.message, exc.hint
    if engine.runner and len({bool(one) for one in (stores.metadata, stores.artifacts, stores.tables)}) > 1:
        hint = "[stores] metadata, artifacts and tables: all of them, or none and the project's folder shared by every machine"
        return "runner", "its steps would find a part of the stores on another machine", hint
    return None
