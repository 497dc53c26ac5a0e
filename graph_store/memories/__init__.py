"""Memories and edges of an owner."""
