"""Facts as YAML, and their typed loader."""
