"""How long a retraining may be; without imports, for panels that are drawn before any package is installed."""

#: The default takes ten to twenty minutes on an idle CPU core. Fewer than the fewest could not change what is measured.
DEFAULT_STEPS, FEWEST_STEPS, MOST_STEPS = 3000, 10, 100_000
