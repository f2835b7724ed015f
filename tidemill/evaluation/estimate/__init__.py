"""How good answers will turn out, said before anybody knows what was true: `fit` at a version's test, `Estimator` at each live window.

Labels are estimated from their probabilities, values from a model of the error (docs/decisions/0057).
"""
