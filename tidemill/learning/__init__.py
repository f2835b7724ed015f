"""What every kind of model shares: search, intervals, the cut in time, the shape of a bundle. It knows no task.

A recipe is JSON: the method and its hyper-parameters. A `Trainer` fits a recipe as of a moment, into a `Bundle` of plain
data, and reports how well a bundle answers a window: one value a request and metric (`Scored`). On these two verbs stand
the search, which chooses a recipe on validation windows, the evaluation with its intervals, and later the gates, which
compare two models request by request. Time is cut once for everybody (`split`): nothing is ever fitted on what comes
after the window that it is measured on.
"""
