"""The model pipeline: features → split → search → train → evaluate → register, and the registry of versions."""
