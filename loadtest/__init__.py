"""Load on a running service, from callers who look at what they are answered."""
