"""The control plane over HTTP: read what the loop has done, and the few things a person may decide.

Every route is one verb of `tidemill.ops`: `table` is the list of them, `verbs` makes a request into the verb's arguments and its
answer into JSON, by the types that the verb declares, and `openapi` writes the same types down as an OpenAPI document.
"""
