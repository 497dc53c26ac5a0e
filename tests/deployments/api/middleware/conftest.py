"""Access of a service that asks for keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from access import Access, open_access
from config import Settings
from tests.deployments.api.keyed import AUTH
from tests.redis_server import RedisServer

STREAM = "/v1/events/stream"
HANDSHAKE = {"type": "websocket.connect"}


@pytest.fixture
async def access(settings: Settings, redis_server: RedisServer) -> AsyncIterator[Access]:
    auth = settings.auth.model_copy(update=AUTH)
    opened = open_access(settings.model_copy(update={"auth": auth}), redis_server.url)
    yield opened
    await opened.close()
