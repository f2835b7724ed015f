"""Fingerprints: what the result of a step depends on, so that the same work is not done twice and a killed run goes on.

A fingerprint is made of the step's inputs, its parameters and its code: its own function and, by name, what that uses of
the project (`code_dependencies`); libraries and commit are recorded beside it (`environment`). What no reading of code
can see is watched while a step runs, by Python's audit events (`impurity`): a step that reads a clock, a file or the
network is told, and its result is not taken for another run. See docs/decisions/0020.
"""
