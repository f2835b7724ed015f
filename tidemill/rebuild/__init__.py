"""Building a version again from its record: in a clean process, in a copy of the project, with the code, data and pins of then.

`verify` holds what comes of it against what was recorded. `place` lays the copy, `build` is the clean process, `held` compares.
"""
