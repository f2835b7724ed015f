"""How quality falls where an input fails: missing, shuffled, of another unit, never seen; of a recommender its history.

`changed` makes the rows, `falls` measures, `fallen` says it in words.
"""
