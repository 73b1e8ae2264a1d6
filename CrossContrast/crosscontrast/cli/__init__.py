"""The command `crosscontrast`."""
