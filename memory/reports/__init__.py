"""Puts memories into the shape of a schema, or tells them in a few sentences."""
