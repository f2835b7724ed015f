"""The stores: typed records, the ports that keep them, SQL (SQLite and PostgreSQL), and artifacts named by their digest.

Layers, left to right: `records` (one frozen record a noun) → `ports` (what every store promises) → `sql` and `artifacts`
(the stores themselves) → `lineage` (walks the edges of both). Nothing here knows machine learning: a payload is data.
"""
