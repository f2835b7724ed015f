"""The kinds of answers a model gives: lists of items (``ranking``), values and labels for rows of a table (``tabular``).

Each task is a folder. What serving needs of it (the scorer of a bundle) imports numpy alone; what trains it imports
polars, scipy, optuna and lightgbm, and is loaded apart.
"""
