"""Takes memories out of conversations."""
