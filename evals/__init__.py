"""Gold cases, scorers over stored traces, and what is made of them: runs, comparisons, promotion, interactive cases, replay."""
