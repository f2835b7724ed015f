"""Signing: in-toto attestations in DSSE envelopes, who signs them, whose keys count, and whether the bytes still match."""
