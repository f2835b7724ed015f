"""How a table's model answers its test, as curves: ROC, precision and recall, gain, calibration, residuals.

`points` computes them of one set of answers; `curves` draws each with its band beside the champion and the simple models.
"""
