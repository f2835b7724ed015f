"""Contracts: what the rows of a dataset must be, in the Open Data Contract Standard (v3).

`odcs` is the standard as strict records: an unknown key is an error with its file and line. `rules` turns the standard's
words about a column into what Tidemill checks; what Tidemill itself wants to know (which column is the time, the subject,
the key) stands in the standard's custom properties as ``tidemill.NAME``. `freshness` looks at one promise that no row
can break: that new rows keep coming.
"""
