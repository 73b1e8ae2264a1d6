"""A better model from corrections: trained on, measured before and after, and let through a gate or kept aside."""
