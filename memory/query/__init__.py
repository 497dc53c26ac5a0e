"""What a read asks for, in plain values."""
