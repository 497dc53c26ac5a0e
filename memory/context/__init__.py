"""What the parts of the service are handed."""
