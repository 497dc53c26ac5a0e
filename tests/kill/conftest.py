"""The kill suite starts services as tests/serve does."""

from tests.serve.conftest import config, launch

__all__ = ["config", "launch"]
