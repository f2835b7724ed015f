"""Watching what is served, in windows of event time.

`monitors` is the table of what watches an endpoint: drift of the data (`drift`, against the champion's `baseline`), decay
of the quality below what the version promised (`decay`, on windows of `quality`), train/serve skew (`skew`), and the
`platform`. Each closes a window into a typed record and may raise an alarm; an alarm is one episode, open until it ends
(`alerts`). How high an alarm hangs is worked out from the project's own clean past (`calibrate`). Nothing here acts:
deciding is the matter of `tidemill.retrain`.
"""
