"""Signed statements about a bundle, and whose signatures count.

An attestation is an in-toto statement in a DSSE envelope, Ed25519 (`attest`, `signer`). Which public keys are believed is
kept by this machine outside the project (`trust`): who can change the project cannot make the server believe a new key.
"""
