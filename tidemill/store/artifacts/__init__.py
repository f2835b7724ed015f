"""Artifacts: bytes named by their SHA-256 (`local`), with a row for each (`recorded`), and the codecs that make bytes of values."""
