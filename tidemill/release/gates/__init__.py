"""Gates: questions that a candidate must answer before it meets anybody.

A gate sees a `port.GateContext` and gives a `port.GateResult`: passed or not, with the figures and with what such a test
could have seen. Two blessings are given apart: of the infrastructure (does the real server load it, answer rightly, in
time) and of the quality (against the champion and the baseline, on the same requests, neither having learned from them:
`window`, `compare`). The table (`registry`) is open to other packages.
"""
