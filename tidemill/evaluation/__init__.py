"""What a candidate's answers show on its test, beyond the mean: where it errs, for whom, and what that rests on.

A figure such as 0.98 may hide a group at 0.50. Each *examination* looks at the evaluation model's answers to the test
(`port.Look`) and gives a JSON object, with an interval wherever it gives a figure; `table` names them all, and the step
``evaluate`` of the model pipeline makes them with each version. Gates, the card, the page and the notebook read what was
found. An examination that cannot be made says so in ``error``: that is never a pass.
"""
