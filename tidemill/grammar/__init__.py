"""The small languages of tidemill.toml (stages, rules, triggers, schedules): read where the file is checked, used further left and right."""
