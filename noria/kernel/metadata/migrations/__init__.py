"""Migrations: one small file a step, in `versions/noria` and `versions/live`, run when a store is opened."""
