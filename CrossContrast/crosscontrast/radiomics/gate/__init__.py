"""Whether an image, and what a model made of it, can be relied on: go, caution or stop, with reasons."""
