"""From a model version to an endpoint: registry, gates, attestations, approvals and the rollout."""
