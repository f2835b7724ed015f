"""Migrations: one small file a step, in `versions/tidemill` and `versions/live`, run when a store is opened."""
