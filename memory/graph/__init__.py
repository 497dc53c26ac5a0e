"""Relationships between memories, and walks along them."""
