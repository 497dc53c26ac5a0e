"""The settings, and how they are checked."""

from config.settings import Settings

__all__ = ["Settings"]
