"""One file an area of Mem0's API."""
