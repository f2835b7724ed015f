"""Your own Python: sources, learners and pipelines that tidemill.toml names as "steps:NAME"."""
