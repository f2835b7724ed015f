"""Your own Python: sources, learners and pipelines that noria.toml names as "steps:NAME"."""
