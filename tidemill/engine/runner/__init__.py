"""Executing a run: what is ready is done, in this process or in a child, and recorded as it finishes."""
