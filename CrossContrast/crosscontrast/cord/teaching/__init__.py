"""Training a cord network from generated anatomy."""
