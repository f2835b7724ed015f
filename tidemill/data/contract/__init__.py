"""Contracts: what rows of a dataset must be, read from the Open Data Contract Standard."""
