"""Adds, corrects and erases memories."""
