"""tidemill.toml as frozen records, decoded strictly.

The file holds any number of datasets, feature views, models, endpoints and environments. It is read in three steps: `strict` turns the
text's values into the records of `sections` and `policies`, where an unknown or mistyped key is a ConfigError that names the line, the
key and the nearest known one; `check` looks at what types cannot say; `resolve` works out what each endpoint keeps to. A documented
setting that this version does not build is NotAvailableYet.

Data only: nothing but `tidemill.scope` reads it, and hands out what it says.
"""
