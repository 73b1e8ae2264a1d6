"""A translator of cord images: any contrast in, fixed clean contrasts out, learnt from generated anatomy only."""
