"""What Mem0's clients send and are answered."""
