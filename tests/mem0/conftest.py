"""The real clients against the service on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import httpx
import pytest
from mem0 import MemoryClient
from pydantic import SecretStr

from config import Settings
from tests.fuzz.running import serving
from tests.mem0 import documented
from tests.mem0.clients import KINDS, Blocking, recorded
from tests.redis_server import RedisServer

Host = str
HostWith = Callable[..., Host]
ADMIN_KEY = "a-key-of-enough-length"
AUTH = {"mode": "api_key", "admin_key": SecretStr(ADMIN_KEY)}
KEY = "m0-anything"
"""Where no keys are asked for, any will do; the clients want one."""


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test calls what it is marked to cover."""
    with pytest.MonkeyPatch.context() as patch:
        calls = recorded(patch)
        yield
    for mark in item.iter_markers("covers"):
        assert set(mark.args) <= calls, "the test does not call what it is marked to cover"


@pytest.fixture(params=KINDS)
def mem0(request: pytest.FixtureRequest, host: Host) -> Iterator[MemoryClient]:
    """The synchronous client, then the asynchronous one: what a test does, it does with both."""
    client, _ = KINDS[request.param]
    with asyncio.Runner() as runner:
        opened = client(api_key=KEY, host=host)
        if request.param == "sync":
            opened.client.event_hooks = {"response": [documented.check]}
            yield opened
            return
        opened.async_client.event_hooks = {"response": [documented.acheck]}
        yield cast(MemoryClient, Blocking(opened, runner))
        runner.run(opened.async_client.aclose())


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
