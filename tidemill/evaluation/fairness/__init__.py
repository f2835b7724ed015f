"""Answers group by group: rates and gaps between groups, and whose items are shown.

`rates` measures, `gap` judges a gap by a rule, `fairness` looks at a candidate; `exposure` is the same question of suppliers.
"""
