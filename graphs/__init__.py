"""The state machine, its state, its events, and how it is run."""
