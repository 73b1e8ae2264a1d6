"""What a translation keeps and loses."""
