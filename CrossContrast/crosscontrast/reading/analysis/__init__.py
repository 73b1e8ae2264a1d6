"""What the answers of a reader study say."""
