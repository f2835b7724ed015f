"""What a model answers by: importance, how the answer goes with an input, what each feature is worth and costs, and whether
another fit would answer for the same reasons.
"""
