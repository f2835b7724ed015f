"""The stores: typed records, SQL (SQLite and PostgreSQL), and artifacts named by their digest.

`records` is one frozen record a noun, `payloads` what some of them hold; the tables are made from them. `sql` keeps them:
the metadata store of the loop, and the live store of what serving writes. `artifacts` keeps bytes. `lineage` walks the
edges between all of them, `holder` is what a store with subjects' data must be able to do. Nothing here knows machine
learning: a payload is data.
"""
