"""The graph of a pipeline: steps, the calls of them, and the values that pass between."""
