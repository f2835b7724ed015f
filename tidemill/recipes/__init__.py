"""Whole worked cases: each recipe is a project that runs from its first minute, and a template for one of your own.

`new` makes a project from a recipe's template, with the rows that it is shown on (`lay` of its module `sample`): `churn` and
`fraud` on the orders of a real shop (`orders`), `maintenance` on a simulated fleet, `recommend` on the shop that the demo plays
two years of, `demand`. A recipe uses what every user can use, and nothing else.
"""
