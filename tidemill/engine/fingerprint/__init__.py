"""Fingerprints: what a step depends on, from its code to its libraries, and the audit hook for what no fingerprint sees."""
