"""The journal of a run: what is written down, by whom, and what becomes of a run whose owner is gone."""
