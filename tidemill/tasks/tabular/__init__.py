"""A value or a label for each row of a table: boosted trees, linear models, simple forecasts, the constant answer.

A row's inputs are the contract's columns, declared features and the calendar (`inputs`), as numbers (`tables`). `learners` has a file
for each learner; a recipe is fitted (`fitting`) to a bundle of data, which `row` answers from, a row at a time: trees by LightGBM's
library alone (`tidemill.learning.boost`), without importing the package.
"""
