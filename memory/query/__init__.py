"""What a read asks for, as plain values."""
