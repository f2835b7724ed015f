"""Deciding to build the model again, and doing it: the loop.

`loop` is a reconciler. At each due moment of event time it takes in what came, closes the windows, gathers the evidence
(`evidence`) and decides (`decide`, a pure function: anybody can take a decision again, `replay`). Each endpoint has its
decision, cooldown and budget; one that fails holds up no other. Heavy work is handed to a warm child (`jobs`, `worker`).
`daemon` is the process; `run_all` is one turn by hand.
"""
