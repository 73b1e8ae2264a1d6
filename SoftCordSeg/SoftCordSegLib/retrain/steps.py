"""How long a retraining may be; without imports, for panels that are drawn before any package is installed."""

#: The default takes about an hour on two CPU cores. Fewer than the fewest could not change what is measured.
DEFAULT_STEPS, FEWEST_STEPS, MOST_STEPS = 3000, 10, 100_000
