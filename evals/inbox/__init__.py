"""From doctors to gold: what was put right at review becomes candidate cases in a queue, de-identified."""
