"""Whole worked cases: each recipe is a project that runs from its first minute."""
