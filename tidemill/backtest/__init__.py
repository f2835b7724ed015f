"""A project's own past, played again: what a model would have been worth had it been built, refitted or left alone then.

`walk` cuts the past every so often, fits at each cut what could have been fitted then, and asks it everything that came after. Nothing
here knows a kind of answer: a task's trainer fits as of a moment and answers a span, as it does for the gates.
"""
