"""Rollout: a release on its way from canary to champion, and the rules that roll it back."""
