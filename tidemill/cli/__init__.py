"""The command line: it parses, calls one verb of `tidemill.ops`, and shows what the verb gave.

`main` is the table of commands; each is loaded when it is called, so that ``--help`` costs nothing. `output` says once how
a command is made and how it speaks: tables and words for people, the same value as JSON with ``--json``, errors with
their place and hint, and the exit codes. The other files hold the commands of one noun each.
"""
