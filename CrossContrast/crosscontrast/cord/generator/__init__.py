"""Procedural anatomy of the spine and images of it in any contrast: training data that nobody had to label."""
