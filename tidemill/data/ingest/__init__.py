"""Ingest: new files into the next version of a dataset, once each; bad rows into quarantine.

`ingest.begin` holds the dataset and finds what is new, `Ingest.take` does it: `judge` says what becomes of each row,
`register` what the table's log says and what follows from it (history, profile, metadata), `events` what people are told.
A contract may change under rows that are in: `changes` reads them by new roles, lets a table gain columns and refuses
what would break it. `judge.preview` judges and stores nothing.
"""
