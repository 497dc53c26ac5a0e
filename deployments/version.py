"""The version of Mem0g, in this one place: the build and the HTTP application read it here."""

__version__ = "0.1.0"
