"""A service in process whose stores can be taken away and given back."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from access import open_access
from config import Settings
from deployments.api import create_app
from memory.ports.models import Embedder
from tests.outages.proxy import Proxy
from tests.outages.routes import DEADLINE_S
from tests.redis_server import RedisServer
from tests.service import started
from tests.weaviate_server import OwnedServer, WeaviateServer

Open = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short deadlines: nothing here waits for long."""
    sections = {"api": {"deadline_s": DEADLINE_S}, "redis": {"deadline_s": 1.0}}
    return changed(settings, **sections)


def changed(settings: Settings, **sections: dict[str, Any]) -> Settings:
    return settings.model_copy(
        update={
            name: getattr(settings, name).model_copy(update=fields)
            for name, fields in sections.items()
        }
    )


@contextmanager
def down(server: RedisServer | OwnedServer, outage: str) -> Iterator[None]:
    """A server that is paused, or killed and started again."""
    server.pause() if outage == "paused" else server.kill()
    try:
        yield
    finally:
        server.resume() if outage == "paused" else server.start()


@pytest.fixture
async def open_client(settings: Settings) -> AsyncIterator[Open]:
    """Call it with the URL of Redis; `embedder` and settings by section may differ."""
    async with AsyncExitStack() as stack:

        async def start(
            redis_url: str, embedder: Embedder | None = None, **sections: dict[str, Any]
        ) -> httpx.AsyncClient:
            used = changed(settings, **sections)
            service = await started(used, redis_url, embedder)
            stack.push_async_callback(service.care.close)
            access = open_access(used, redis_url)
            stack.push_async_callback(access.close)
            app = create_app(service, used, access=access)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://test")
            return await stack.enter_async_context(client)

        yield start


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that only this test uses, so that it may pause and kill it."""
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def between() -> AsyncIterator[Callable[[int], Awaitable[Proxy]]]:
    """Makes proxies in front of ports."""
    async with AsyncExitStack() as stack:

        async def make(port: int) -> Proxy:
            proxy = Proxy(port)
            await proxy.open()
            stack.push_async_callback(proxy.close)
            return proxy

        yield make


@pytest.fixture
def collection(weaviate_process: WeaviateServer) -> Iterator[str]:
    name = f"Outage{uuid.uuid4().hex}"
    yield name
    weaviate_process.remove(name)


@pytest.fixture
def owned(weaviate_process: WeaviateServer) -> OwnedServer:
    if not isinstance(weaviate_process, OwnedServer):
        pytest.skip("only a Weaviate started by the tests may be paused and killed")
    return weaviate_process
