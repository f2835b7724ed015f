"""Recommending: which items a subject wants next, from what it bought before.

Rows are `Interactions`: who took which item when. A model is asked with a subject's history as of a moment (decayed
counts by item) and answers with the k best items. Built-in methods are in `learners`; a project brings its own by
``task = "steps:NAME"`` (`own`). Every built-in model ends up as one `Ranking`, so that one scorer serves them all.
"""
