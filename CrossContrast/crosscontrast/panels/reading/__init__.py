"""The page on which a study is read in Slicer."""
