"""Access over a Redis of its own, a single server and a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from access import Access, open_access
from config import Settings
from tests.redis_server import RedisServer

ADMIN_KEY = "a-key-of-enough-length"
Opened = Callable[..., Access]


@pytest.fixture(scope="package", params=["single", "cluster"])
def process(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("redis"), cluster=request.param == "cluster")
    started.start()
    yield started
    started.stop()


@pytest.fixture
def server(process: RedisServer) -> RedisServer:
    process.flush()
    return process


@pytest.fixture
async def opened(server: RedisServer) -> AsyncIterator[Opened]:
    """Call it for an instance, with limits or another URL."""
    instances: list[Access] = []

    def start(url: str = server.url, **limits: Any) -> Access:
        settings = Settings(
            auth={"mode": "api_key", "admin_key": SecretStr(ADMIN_KEY)}, limits=limits
        )
        instances.append(open_access(settings, url))
        return instances[-1]

    yield start
    for each in instances:
        await each.close()
