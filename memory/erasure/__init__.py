"""Erases every memory that names an entity, and signs a receipt."""
