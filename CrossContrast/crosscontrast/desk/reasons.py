"""Why something cannot be done now, in the words of all front ends."""

NO_IMAGE = "Open an image first."
NO_MAP = "Segment the image first."
NO_SEGMENT = "Make a segment first."
NO_DATASET = "Choose the folder of the dataset."
NO_NAME = "Say your name first."
BUSY = "Wait until the work under way is done."
