"""Carries out jobs: work that may outlive its request."""
