"""Whole worked cases: each recipe is a project that runs from its first minute, and a template for one of your own.

`recommend` is product recommendation in a shop, with the demo that plays two years of it; `demand` is the hourly demand of
a bicycle hire. `new` makes a project from a recipe's template. A recipe uses what every user can use, and nothing else.
"""
