"""What the panels share. Importing it needs Qt and Slicer only, so modules load where no package is installed yet."""
