"""Labels and moments: what a model learns to say, of whom and when; declared once, compiled for training and for live outcomes.

`definition` is the declaration, checked against the contracts. `moments` makes the rows of a model whose rows are entities at
moments. `settled` is what rows of a dataset say of a moment, and from when on that is settled: training asks it of the past
(`tidemill.model.prepare`), the loop of what was answered (`tidemill.feedback.settle`).
"""
