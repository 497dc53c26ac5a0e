"""Upkeep of the stores."""
