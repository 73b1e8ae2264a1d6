"""Training translators: cases, patches, validation and export."""
