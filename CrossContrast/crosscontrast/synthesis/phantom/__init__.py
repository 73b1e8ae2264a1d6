"""Phantom subjects whose anatomy and outcome are known, in two modalities each."""
