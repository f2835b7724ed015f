"""The first draft of a contract, inferred from the data; a person reads and corrects it."""
