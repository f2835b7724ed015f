"""Child processes: the one way to start, watch, talk to and end one. Everything that starts a process of ours uses it.

A child is ``python -m MODULE`` in a process group of its own. It speaks with its parent in JSON, a line a message, over
a `channel` that only the two of them have, so that what libraries print never gets between. It never outlives its
parent, whatever happens to either: a guardian, a small process beside it, waits for the channel's other end to close,
and then ends the child and all that the child has started. `supervised` keeps a child alive, with growing pauses, and
knows what it said last. `stop` is how a process is asked to end.
"""
