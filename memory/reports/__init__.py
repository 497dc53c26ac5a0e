"""Memories put into a shape, or told in few sentences."""
