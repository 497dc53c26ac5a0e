"""What belongs to a project."""
