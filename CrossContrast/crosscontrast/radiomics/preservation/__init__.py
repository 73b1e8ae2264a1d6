"""What of the features of real images is there in translated ones."""
