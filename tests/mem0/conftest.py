"""The real clients against the service on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import cast

import pytest
from mem0 import MemoryClient

from tests.deployments.api import documented
from tests.deployments.api.conftest import KEY, Host, host, host_with, http, old
from tests.mem0.clients import KINDS, Blocking, recorded

__all__ = ["host", "host_with", "http", "old"]


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
