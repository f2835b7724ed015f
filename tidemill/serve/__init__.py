"""Serving: answers with the released model, and writes every answer and outcome down before it is given.

`service` is the two verbs, predict and feedback, apart from HTTP. `predictor` holds the variants and the subjects'
histories in memory; `log` carries answers to the disk, many in one commit. `http` is the face. `supervisor` is
`tidemill up`: a small process that keeps the scorer and the loop running. `candidate` is the same server with a
candidate's bundle, for the gates. No training code here: polars, Delta tables, scipy and optuna are never imported.
"""
