"""Finds memories by meaning and by words."""
