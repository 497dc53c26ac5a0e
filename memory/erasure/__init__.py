"""Erases all that names an entity."""
