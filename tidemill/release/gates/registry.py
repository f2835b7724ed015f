"""The gates there are: a table with one entry a gate, open to other packages by the entry points of ``tidemill.gates``.

Adding one is a class and an entry in `OWN`, or one in a package's own metadata. Each says itself which candidates it is for.
What ``[gates.NAME]`` may say for a supplied one is a `Section` of its package, under the same name in the entry points of
``tidemill.gate_settings``: decoded strictly with the file, and given by `GateContext.settings`. A name means one gate and
one section: what packages bring may take neither one of Tidemill's own nor each other's.
"""

from __future__ import annotations

from tidemill.config.policies import GatesSection
from tidemill.config.strict import brought
from tidemill.errors import ConfigError
from tidemill.release.gates.coverage import Coverage
from tidemill.release.gates.exposure import Exposure
from tidemill.release.gates.fairness import Fairness
from tidemill.release.gates.infrastructure import Infrastructure, Latency
from tidemill.release.gates.leakage import Leakage
from tidemill.release.gates.port import Gate, GateContext
from tidemill.release.gates.promotion import Promoted
from tidemill.release.gates.quality import Baseline, Method, Refit
from tidemill.release.gates.repeats import Repeats
from tidemill.release.gates.robustness import Robust
from tidemill.release.gates.slices import Slices
from tidemill.release.gates.stability import Stable
from tidemill.release.gates.verify import Verify

OWN: tuple[Gate, ...] = (
    Promoted(),
    Infrastructure(),
    Latency(),
    Leakage(),
    Coverage(),
    Fairness(),
    Exposure(),
    Repeats(),
    Robust(),
    Stable(),
    Verify(),
    Refit(),
    Method(),
    Baseline(),
    Slices(),
)


_NAMES = (*(gate.name for gate in OWN), *GatesSection.__struct_fields__)


def gates_of(context: GateContext) -> list[Gate]:
    """Those that this candidate has to pass: Tidemill's own in their order, then supplied ones by name. Raises ConfigError."""
    return [gate for gate in (*OWN, *_supplied()) if gate.applies(context)]


def _supplied() -> list[Gate]:
    """The gates of packages. Raises ConfigError where a name, or that of a section, is taken, or is not its entry point's."""
    brought(GatesSection.supplies, _NAMES)
    found: dict[str, Gate] = {name: point.load()() for name, point in brought("tidemill.gates", _NAMES).items()}
    if wrong := next((name for name, gate in found.items() if gate.name != name), None):
        said = f"the gate of the entry point {wrong!r} calls itself {found[wrong].name!r}"
        raise ConfigError(said, place="tidemill.gates", hint="give both the same name")
    return list(found.values())
