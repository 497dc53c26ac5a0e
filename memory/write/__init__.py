"""Adds, corrects, rates and erases memories."""
