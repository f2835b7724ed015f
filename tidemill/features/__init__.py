"""Features: declared once, compiled for training (as-of, polars) and for serving (in memory, numpy).

A view (`views`) is a set of features of one dataset, by entity and time. `as_of` makes them for any request from the
dataset's rows, seeing only what was known then (`transaction_time`); `online` makes the same numbers from what serving
was told, and `parity` compares both. `joined` adds views of other datasets to a model's rows. The arithmetic stands once,
in `transforms`.
"""
