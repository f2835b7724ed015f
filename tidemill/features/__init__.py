"""Features: declared once, compiled for training (as-of, polars) and for serving (in memory, numpy)."""
