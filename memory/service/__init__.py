"""The whole service: what its callers see, and how it is put together."""
