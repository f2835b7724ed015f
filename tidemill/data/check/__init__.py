"""Checking rows: casts and the contract's checks, compiled to one lazy polars pass."""
