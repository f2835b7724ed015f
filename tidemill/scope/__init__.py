"""Scope: opens a project, and hands out what its configuration says. Everything else is given a scope, never the file."""
