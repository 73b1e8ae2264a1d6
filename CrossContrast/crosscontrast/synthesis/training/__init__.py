"""Training: one loop for every translator and every segmentation that uses them."""
