"""The suites that an implementation must pass: subclass one, bring what it asks for, and pytest runs it.

`MetadataSuite` and the suite of the live store hold SQLite and PostgreSQL to the same promises; `holders` plants canaries
and searches every format for them; `runners` is for runners of steps, `tasks` for kinds of answers. `records` has a
sample of every record, with every field set.
"""
