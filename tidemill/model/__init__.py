"""The model pipeline: features → split → search → train → evaluate → register; and the scoring that the server shares.

`tidemill.model.scoring` imports numpy alone; what trains imports scipy, polars, optuna and lightgbm where it needs them.
"""
