"""A value or a label for each row of a table: boosted trees, and the constant answer as the baseline.

A row's inputs are the contract's columns, declared features and the calendar (`tables`), as numbers. Trees are fitted by
LightGBM (`trees`) and answered by its library alone (`boost`), a row at a time, without importing the package.
"""
