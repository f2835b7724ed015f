"""The ledger above its records: the tree over them, its signed heads, where they are anchored, and whether all of it holds.

That every act leaves a record is the store's (`store/sql/acts.py`, `store/sql/ledger.py`); how a record is hashed, `store/chain.py`.
"""
