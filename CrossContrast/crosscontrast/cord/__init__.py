"""Contrast-agnostic soft segmentation of the spinal cord."""
