"""What may be set, and how it is checked."""

from config.settings import Settings

__all__ = ["Settings"]
