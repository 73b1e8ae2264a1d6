"""Corrections in the shapes that training frameworks and archives read."""
