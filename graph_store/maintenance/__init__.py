"""What tasks need of the record."""
