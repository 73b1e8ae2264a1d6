"""Reading on a MRML scene: slice views of a blinded image."""
