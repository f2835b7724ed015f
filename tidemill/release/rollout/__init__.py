"""A release on its way: canary by a hash of the subject, stage after stage, to champion; a bake; or back.

`rollout` changes what a release is, each change with its event in one transaction. `rules` judges the arms by what was
seen live, with tests that may be looked at after every answer, and says when to roll back.
"""
