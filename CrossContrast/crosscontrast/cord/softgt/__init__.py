"""Soft ground truth: one soft mask of the cord out of the masks of several contrasts of one subject."""
