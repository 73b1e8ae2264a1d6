"""Masks corrected by people: merged with the prediction, kept with their history, listed, exported."""
