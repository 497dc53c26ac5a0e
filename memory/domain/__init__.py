"""The nouns and the pure rules of memories. Imports nothing of ours."""
