"""What is sent and answered, and what it means in the domain."""
