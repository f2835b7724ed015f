"""The graph of a pipeline: steps, the calls of them, and the values that pass between.

A pipeline is a Python function. It is traced once: calling a step in it does no work but draws a node (`declare`,
`nodes`), and what a call gives is a value that is not there yet (`values`). Mistakes in the wiring are found here, before
anything has run.
"""
