"""Whether translated images help to predict an outcome."""
