"""tidemill.toml as frozen records, decoded strictly.

The file holds any number of datasets, feature views, models, endpoints and environments. It is read in three steps: `strict` turns the
text's values into the records of `sections` and `policies`, where an unknown or mistyped key is a ConfigError that names the line, the
key and the nearest known one; `check` looks at what types cannot say; `resolve` works out what each endpoint keeps to. A documented
setting that this version does not build is NotAvailableYet.

Data only: nothing but `tidemill.scope` reads it, and hands out what it says.
"""

from tidemill.config.decode import load, parse
from tidemill.config.policies import GatesSection, MonitorSection, RetrainSection
from tidemill.config.resolve import Config, EndpointConfig
from tidemill.config.sections import (
    DataConfig,
    FeatureConfig,
    FeatureViewConfig,
    GoalSection,
    ModelSection,
    Section,
    SplitSection,
)

__all__ = [
    "Config",
    "DataConfig",
    "EndpointConfig",
    "FeatureConfig",
    "FeatureViewConfig",
    "GatesSection",
    "GoalSection",
    "ModelSection",
    "MonitorSection",
    "RetrainSection",
    "Section",
    "SplitSection",
    "load",
    "parse",
]
