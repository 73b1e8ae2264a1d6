"""Training: one loop for cord networks, translators and segmentations."""
