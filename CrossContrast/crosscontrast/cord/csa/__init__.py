"""Cross-sectional area (CSA) of the cord from a soft segmentation, slice by slice."""
