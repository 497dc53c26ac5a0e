"""Feedback on memories: it stays with the memory, and goes with it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import redis

from tests.deployments.api.calls import add
from tests.deployments.api.conftest import ClientWith
from tests.deployments.api.keyed import keyed, with_key
from tests.redis_server import RedisServer

Client = httpx.AsyncClient
PATH = "/v1/feedback/"


async def rate(client: Client, memory_id: str, status: int = 200, **fields: Any) -> Any:
    answer = await client.post(PATH, json={"memory_id": memory_id} | fields)
    assert answer.status_code == status, answer.text
    return answer.json()


async def rated(client: Client, memory_id: str) -> tuple[str | None, str | None]:
    found = (await client.get(PATH + memory_id)).json()
    return found["feedback"], found["feedback_reason"]


async def test_the_last_feedback_stands_until_it_is_taken_back(client: Client) -> None:
    memory = (await add(client, "likes tea"))["id"]
    assert await rated(client, memory) == (None, None)
    told = await rate(client, memory, feedback="NEGATIVE", feedback_reason="she likes coffee")
    assert told == {"id": memory, "feedback": "NEGATIVE", "feedback_reason": "she likes coffee"}
    assert await rated(client, memory) == ("NEGATIVE", "she likes coffee")
    await rate(client, memory, feedback="POSITIVE", feedback_reason=None)
    assert await rated(client, memory) == ("POSITIVE", None)
    await rate(client, memory, feedback=None, feedback_reason=None)
    assert await rated(client, memory) == (None, None)


@pytest.mark.parametrize("entity", [False, True])
async def test_feedback_goes_with_its_memory(
    client: Client, redis_server: RedisServer, entity: bool
) -> None:
    memory = (await add(client, "likes tea"))["id"]
    other = (await add(client, "bob's", user_id="bob"))["id"]
    for each in (memory, other):
        await rate(client, each, feedback="NEGATIVE", feedback_reason="the reason")
    path = "/v1/entities/user/alice" if entity else f"/v1/memories/{memory}"
    assert (await client.delete(path)).status_code == 200
    await rate(client, memory, 404, feedback="POSITIVE")
    assert (await client.get(PATH + memory)).status_code == 404
    assert await rated(client, other) == ("NEGATIVE", "the reason")
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as record:
        hashes = list(record.scan_iter("*:fb"))
        assert [record.hlen(key) for key in hashes] == [1]


async def test_feedback_that_cannot_be(client_with: ClientWith) -> None:
    admin = await keyed(client_with)
    bobs = (await add(admin, "bob's", user_id="bob"))["id"]
    await rate(admin, bobs, 400, feedback="FAIR")
    await rate(admin, bobs, 400, feedback="POSITIVE", feedback_reason="x" * 5_000)
    await rate(admin, "0d5c7c1e-6a0e-4f0b-9a55-2b1c6d9f1a10", 404, feedback="POSITIVE")
    bound = await with_key(admin, user_id="alice")
    await rate(bound, bobs, 404, feedback="POSITIVE")
    reader = await with_key(admin, scopes=["read"])
    await rate(reader, bobs, 403, feedback="POSITIVE")
    assert await rated(reader, bobs) == (None, None)
