"""Reads memories, pages and lists of them, entities and jobs."""
