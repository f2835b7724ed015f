"""Business rules of a recommender: what becomes of the model's list before it is answered. Stdlib and numpy only.

The model ranks what it knows; a shop does not show what is sold out, what was bought yesterday, or ten mugs in a row. Rules are an
endpoint's (``[endpoint.NAME.rules]``), come after the model and change nothing in it, in one order:

    filters      gone, in_stock, include, exclude, bought_within: what may be answered at all
    boosts       the scores of some items count more, or less
    quotas, diversity     the list is filled place by place: how many of a kind, at least and at most
    popularity   what the model has no score for, where it gives fewer than are asked for
    exposure     some places are drawn for items that must be seen

`Rules.answer` is a pure function of the model's offer (`tidemill.tasks.ranking.ranked`), the request's context, the subject's history, the
item table at a position and the prediction's id, which draws. So an answer can be given again from the log: by `pairs`, a trace, a batch.
What was applied stands in the answer's `reasons`, and the rules themselves are kept under the digest that it names.
"""
