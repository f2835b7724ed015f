"""What something is worth, by who was given what: one A/B of two releases at a time, and a holdout that never gets the model.

Statistics are pure (`sequence`, `ratio`, `sums`, `plan`, `verdict`): numpy and the standard library. What reads the log and
writes records stands apart (`windows`, `look`, `arms`, `holdout`).
"""
