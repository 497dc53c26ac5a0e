"""Erasures: what is removed, and the receipt."""
