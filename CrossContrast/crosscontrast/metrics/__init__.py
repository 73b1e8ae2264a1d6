"""How like two images or two segmentations are."""
