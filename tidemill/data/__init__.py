"""Data: sources, contracts, versioned tables, profiles, splits and the data pipeline."""
