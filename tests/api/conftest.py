"""A client of a service with settings of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from access import open_access
from config import Settings
from deployments.api import create_app
from graph_store import open_graph_store
from memory.service.service import MemoryService
from tests.redis_server import RedisServer
from tests.word_embedder import WordEmbedder
from vector_store import open_vector_store

ClientWith = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def client_with(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> AsyncIterator[ClientWith]:
    """Call it with what to change, section by section: `graph={"follows": False}`."""
    async with AsyncExitStack() as stack:

        async def start(**sections: dict[str, Any]) -> httpx.AsyncClient:
            changed = settings.model_copy(
                update={
                    name: getattr(settings, name).model_copy(update=fields)
                    for name, fields in sections.items()
                }
            )
            graph = open_graph_store(changed, redis_server.url)
            service = MemoryService(graph, open_vector_store(changed), embedder, changed)
            await service.start()
            stack.push_async_callback(service.close)
            access = open_access(changed, redis_server.url)
            stack.push_async_callback(access.close)
            transport = httpx.ASGITransport(create_app(service, changed, access=access))
            client = httpx.AsyncClient(transport=transport, base_url="http://test")
            return await stack.enter_async_context(client)

        yield start
