"""Finding source files, and reading them row by row or as tables; which of them are new."""
