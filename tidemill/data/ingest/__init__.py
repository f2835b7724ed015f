"""Ingest: new files into the next version of a dataset, once each; bad rows into quarantine."""
