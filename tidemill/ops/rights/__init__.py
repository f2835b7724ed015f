"""The verbs for the people whom the data is about."""
