"""Pages and lists of memories."""
