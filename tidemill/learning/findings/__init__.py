"""What is looked for in a table before a model is trained: columns that know the label, and rows on both sides of the split.

One file a kind: `alone` (a column that answers by itself), `follows` (noise but for the label),
`after` (known only after the moment), `copies` (of the label, of
another column), `ids` (that number the rows), `twins` (the same row on both sides), `groups` (of one subject). `look` holds the
rows and the ways in which they are cut, `power` how much a column knows, `report` puts them in order. Nothing here sees the
test. What is `held` keeps a release waiting for a person (`tidemill.release.gates.leakage`); the rest is told.
"""
