"""Whether an objective does what it is for: the same training with and without it."""
