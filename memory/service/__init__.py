"""The whole service, as its callers see it."""
