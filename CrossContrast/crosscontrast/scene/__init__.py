"""MRML in, MRML out: runs in Slicer and on the ``slicer-core`` wheel alike, and always on a scene that is passed in."""
