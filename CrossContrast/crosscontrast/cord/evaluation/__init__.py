"""How little the cord's area depends on the contrast, and how well segmentations agree with masks."""
