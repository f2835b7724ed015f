"""For whom a model errs: the named slices, and the worst one that is found.

`apart` says how much worse a part is answered and how sure that is; `worst` looks on one half of the units and judges on the other.
"""
