"""Blinded reader studies: plan, blinding, reading, answers on disk, analysis."""
