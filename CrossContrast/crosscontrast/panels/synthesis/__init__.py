"""The pages of the panel. Importing them needs Qt and Slicer only."""
