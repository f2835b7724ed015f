"""The small languages of noria.toml (stages, rules, triggers, schedules): read where the file is checked, used further left and right."""
