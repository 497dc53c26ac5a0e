"""Keeps the vector store in step with the record."""
