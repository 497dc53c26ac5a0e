"""How the record is laid out in Redis."""
