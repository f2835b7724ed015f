"""tidemill.toml as frozen records, one a section, decoded strictly.

Data only: each layer turns its own section into behaviour. An unknown or mistyped key is a ConfigError that names the line, the key and the
nearest known one; a documented setting that this version does not build is NotAvailableYet.
"""

from tidemill.config.decode import load, parse
from tidemill.config.sections import (
    BASELINES,
    METRICS,
    Config,
    DataConfig,
    FeatureConfig,
    FeatureViewConfig,
    GoalSection,
    RetrainSection,
    Section,
    SplitSection,
    Task,
)

__all__ = [
    "BASELINES",
    "METRICS",
    "Config",
    "DataConfig",
    "FeatureConfig",
    "FeatureViewConfig",
    "GoalSection",
    "RetrainSection",
    "Section",
    "SplitSection",
    "Task",
    "load",
    "parse",
]
