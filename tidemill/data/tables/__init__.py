"""Versioned tables on Delta Lake: read at any version, appended to by one writer, and the index of their keys."""
