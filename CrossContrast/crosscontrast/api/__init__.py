"""The functions for scripts and notebooks that ``import crosscontrast`` offers: images and tables in, results out."""
