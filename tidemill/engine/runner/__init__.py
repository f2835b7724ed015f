"""Executing a run, so that a kill at any moment loses nothing that was finished.

`engine` begins or resumes a run and holds its lease; `schedule` does what is ready, side by side where it can be;
`prepare` makes a call ready and looks for a finished step that can stand for it; `record` writes down what came, each
step in one transaction. Where a step runs is behind a port: in this process (`port`) or in a child that can be killed at
a time limit (`child`, `child_main`).
"""
