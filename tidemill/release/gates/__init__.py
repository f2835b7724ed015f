"""Gates: checks on a candidate before release, each with its evidence and its power."""
