"""Liveness needs nothing, readiness tells of every dependency, and neither needs a key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from config import Settings
from deployments.api import create_app
from memory.domain.errors import DeadlineExceeded
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.documented import NO_SERVICE
from tests.deployments.api.keyed import AUTH


class Dependencies:
    def __init__(self, states: dict[str, str] | Exception) -> None:
        self._states = states

    async def ready(self) -> dict[str, str]:
        if isinstance(self._states, Exception):
            raise self._states
        return self._states


async def ready(states: dict[str, str] | Exception) -> tuple[int, dict[str, Any]]:
    parts = type(NO_SERVICE)()
    parts.health = Dependencies(states)
    transport = httpx.ASGITransport(create_app(parts, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/ready")
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.head("/health")).status_code == 200
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("states", "status", "up"),
    [
        ({"redis": "ok", "weaviate": "ok, 3 nodes"}, 200, True),
        ({"redis": "ok", "weaviate": "does not answer"}, 503, False),
        ({}, 200, True),
    ],
)
async def test_one_dependency_that_is_down_is_enough(
    states: dict[str, str], status: int, up: bool
) -> None:
    told = {"ready": up, "dependencies": {"store": "ok", **states}}
    assert await ready(states) == (status, told)


async def test_a_store_that_does_not_answer_is_named() -> None:
    status, told = await ready(DeadlineExceeded("no answer from the store in 3 s"))
    assert (status, told["dependencies"]) == (503, {"store": "no answer from the store in 3 s"})


async def test_no_key_is_needed_and_home_is_the_api_page(client_with: ClientWith) -> None:
    client = await client_with(auth=AUTH)
    for path in ("/health", "/ready", "/docs", "/openapi.json"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/")).headers["location"] == "/docs"
    assert (await client.get("/v1/memories")).status_code == 401
