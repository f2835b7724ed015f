"""The model pipeline: features → split → search → train → evaluate → register, and the versions that came of it.

`prepare` says what a model is made of: rows of one dataset, columns and views by name, views of other datasets. `pipeline`
is the six steps, the same for every task: what differs is behind the task's trainer. A version is registered twice fitted:
the *evaluation model* has not seen the test window and carries the promise, the *released model* has seen all there is
(docs/decisions/0002). `card` says on one page what a version is; `registry` finds versions by the names people type.
"""
