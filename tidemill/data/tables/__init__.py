"""Versioned tables on Delta Lake: read at any version, appended to by one writer, and the index of their keys.

`tables.Tables` is what others use. `delta` writes files and commits, `schema` knows which columns a table has and may
gain, `statistics` lets a reader leave files out, `keys` says without reading the table whether a key is in it.
"""
