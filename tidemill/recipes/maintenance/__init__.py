"""Which machine fails next: daily readings and faults of a fleet of pumps that is simulated, and said to be."""
