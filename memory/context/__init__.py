"""What the parts of the service share: each of them is handed what it needs of this."""
