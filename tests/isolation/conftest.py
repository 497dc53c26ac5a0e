"""A client of a service with settings of its own."""

from __future__ import annotations

from tests.deployments.api.conftest import client_with

__all__ = ["client_with"]
