"""Image-to-image translation and segmentation that uses it."""
