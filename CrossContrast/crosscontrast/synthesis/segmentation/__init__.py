"""Segmentation with the help of translated images, and from imperfect labels."""
