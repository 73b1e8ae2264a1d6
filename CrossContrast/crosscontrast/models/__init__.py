"""Models: how they are described, kept, checked and built."""
