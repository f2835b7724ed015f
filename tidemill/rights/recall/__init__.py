"""A bad file, or a bad column, taken back: what stands on it, and every answer that is another without it.

`named` finds what is meant, `standing` walks from it to versions, models, releases and decisions. `refit` builds each model that learned
from it again without it; `again` asks each answer of the log once more, of that model and with the history and inputs that are left.
`pipeline` is the run that does both.
"""
