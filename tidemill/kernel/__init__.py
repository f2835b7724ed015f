"""The kernel: records, stores, lineage and the engine. It knows no machine learning."""
