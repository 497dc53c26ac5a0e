"""The record as a whole, read and put back."""
