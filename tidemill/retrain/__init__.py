"""Deciding to build the model again, and doing it: policy, decision, loop, replay."""
