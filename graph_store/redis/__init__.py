"""The way to Redis: connection, scripts, a server of our own."""
