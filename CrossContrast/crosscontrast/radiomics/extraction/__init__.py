"""From images and masks to a table of radiomic features."""
