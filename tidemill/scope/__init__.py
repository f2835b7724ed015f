"""Scope: opens a project, and hands out what its configuration says.

`project` knows datasets, models and endpoints by name and wires them to the stores. It is the only reader of the
configuration: everything else is given a `Project`, or the one `Dataset`, `Model` or `Endpoint` that it works on, and
never the file. `home` is what this machine keeps about a project outside its folder.
"""
