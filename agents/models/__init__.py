"""The optional language model: how it is reached, what it may spend, how its answer is read."""
