"""Data: from the files that arrive to versions of a table that never change.

`pipeline.ingest` is the one way in, for the loop and for people. It looks which files of a source are new
(`discover`), judges their rows by the dataset's contract (`contract`, `check`), puts the bad ones aside with their
reasons, and commits the good ones as the next version of a Delta table (`tables`); then the online history, the profile
(`profile`) and the metadata follow from the commit, so that a crash after it is repaired from the log. Nothing is read
twice, nothing is lost in silence, and the same bytes again change nothing. `draft` writes the first contract from data.
"""
