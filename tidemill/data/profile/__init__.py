"""Profiles: mergeable sketches of each column of a dataset version."""
