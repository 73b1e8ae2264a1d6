"""The pieces of SynthSeg's panel (Qt, floor 5)."""
