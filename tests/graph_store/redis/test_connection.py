"""What is said of a Redis that does not answer."""

from __future__ import annotations

import pytest

from config import Settings
from graph_store.redis.connection import Connection
from memory.domain.errors import StoreUnavailable
from tests.redis_server import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no-such-host.invalid"])
async def test_an_address_is_told_to_nobody(settings: Settings, host: str) -> None:
    port = free_port()
    connection = Connection(f"redis://{host}:{port}/0", settings.redis)
    with pytest.raises(StoreUnavailable, match="Redis does not answer") as refused:
        await connection.one("PING")
    await connection.close()
    for part in (host, "127.0.0.1", "::1", str(port)):
        assert part not in refused.value.message
    if host == "127.0.0.1":
        assert refused.value.message.endswith("connection refused")
