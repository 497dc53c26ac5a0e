"""The log of an owner's changes."""
