"""Exports and imports owners; backs up and restores everything."""
