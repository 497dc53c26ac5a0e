"""Makes memories of conversations."""
