"""Who may ask: callers, tokens, and the session of the page.

A program shows a token, a person's browser a session that began with a login code, which works once. All three are kept
as SHA-256 hashes (`tokens`): who reads the database can log in with nothing. Each has scopes, and what has no scope may do
nothing. Inside, whoever asks is a `caller.Caller`: the name that stands in the events of what it did, and what it may do.
"""
