"""The HTTP edge: wire to domain and back. Knows no Ray."""

from deployments.api.app import create_app

__all__ = ["create_app"]
