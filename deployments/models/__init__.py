"""The models: texts to vectors, and the language model's client."""
