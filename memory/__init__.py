"""What a memory is and does. Knows no HTTP, no Ray, no database."""
