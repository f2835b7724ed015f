"""Ingest: new files into the next version of a dataset, once each; bad rows into quarantine.

`ingest.begin` holds the dataset and finds what is new, `Ingest.take` does it: `validate` says what becomes of each row,
`commit` what the table's log will say, `register` what follows it (`history`, profile, metadata), `events` what people
are told. A contract may change under rows that are in: `roles` reads them by new roles, `evolution` lets a table gain
columns and refuses what would break it. `preview` judges and stores nothing.
"""
