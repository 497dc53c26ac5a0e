"""What happens to every request before and after its route, one file a concern."""
