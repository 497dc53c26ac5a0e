"""Keeps both stores sound: verifies, rebuilds, compacts, and erases projects."""
