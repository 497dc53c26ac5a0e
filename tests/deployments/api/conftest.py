"""Clients of services with settings of their own, in process and on a port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from access import open_access
from config import Settings
from deployments.api import create_app
from tests.deployments.api import documented
from tests.fuzz.running import serving
from tests.redis_server import RedisServer
from tests.service import started
from tests.word_embedder import WordEmbedder

ClientWith = Callable[..., Awaitable[httpx.AsyncClient]]
Host = str
HostWith = Callable[..., Host]
ADMIN_KEY = "a-key-of-enough-length"
AUTH = {"mode": "api_key", "admin_key": SecretStr(ADMIN_KEY)}
# If no keys are asked for, any will do; the clients want one.
KEY = "m0-anything"


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
            service = await started(changed, redis_server.url, embedder)
            stack.push_async_callback(service.care.close)
            access = open_access(changed, redis_server.url)
            stack.push_async_callback(access.close)
            transport = httpx.ASGITransport(create_app(service, changed, access=access))
            client = httpx.AsyncClient(transport=transport, base_url="http://test")
            return await stack.enter_async_context(client)

        yield start


@pytest.fixture
def host_with(settings: Settings, redis_server: RedisServer) -> Iterator[HostWith]:
    """Call it with what to change, section by section: `auth={"mode": "api_key", …}`."""
    with ExitStack() as stack:

        def start(**sections: dict[str, Any]) -> Host:
            changed = settings.model_copy(
                update={
                    name: getattr(settings, name).model_copy(update=fields)
                    for name, fields in sections.items()
                }
            )
            return stack.enter_context(serving(changed, redis_server.url))

        yield start


@pytest.fixture
def host(host_with: HostWith) -> Host:
    return host_with()


@pytest.fixture
def http(host: Host) -> Iterator[httpx.Client]:
    """A caller who is none of Mem0's clients."""
    with httpx.Client(base_url=host, timeout=30) as session:
        yield session


@pytest.fixture
def old(host: Host) -> Iterator[httpx.Client]:
    """Sends the headers of Mem0's clients, of whatever age."""
    headers = {"Mem0-User-ID": "", "Authorization": f"Token {KEY}"}
    hooks = {"response": [documented.check]}
    with httpx.Client(base_url=host, headers=headers, event_hooks=hooks, timeout=30) as session:
        yield session
