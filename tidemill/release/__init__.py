"""From a model's version to an endpoint: gates, signature, approval, rollout.

`pipeline.release_candidate` is the one way. Gates (`gates`) judge the candidate, each with its evidence; their verdicts are
signed as attestations (`signing`), which the server checks before it loads a byte. Where the endpoint asks for it a person
says yes (`approvals`). Then the release takes a share of the traffic, stage after stage, and becomes champion or goes back
(`rollout`). `variants` is what an endpoint can answer with at any one time.
"""
