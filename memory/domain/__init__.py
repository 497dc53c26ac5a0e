"""The nouns and the pure rules of memories. They know no store, no model and no transport."""
