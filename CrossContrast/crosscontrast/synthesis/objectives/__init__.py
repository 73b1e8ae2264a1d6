"""The translators: each file holds one objective, that is its networks, their losses and who is trained in turn."""
