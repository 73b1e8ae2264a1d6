"""The cord in a browser: load, segment, look, correct, measure, save. Logic and widgets are kept apart."""
