"""Jobs of owners, and the queue of calls to workers."""
