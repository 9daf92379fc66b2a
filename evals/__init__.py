"""Gold cases and scorers; empty until the eval harness."""
