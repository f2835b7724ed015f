"""The page: is everything all right, and if not, why not.

It is made on the server from templates, works without script, and is shown under a strict content security policy. `app`
is its routes; `pages` has a file a section, which calls verbs of `tidemill.ops`; `charts` draws SVG; `actions` is what a
person may do here, each the verb that the API calls too; `export` gives every list as CSV.
"""
