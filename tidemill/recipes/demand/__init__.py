"""Hourly demand of a bicycle hire: a table with a time, on the same three pipelines."""
