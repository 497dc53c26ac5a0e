"""The live feed: what is told, to whom, and where a reader goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from config import Settings
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.memory import NewMemory, Scope
from memory.service.build import MemoryService
from tests.deployments.api.feed.streams import PATH, FeedServer, feed_app, listening, take
from tests.redis_server import RedisServer

pytestmark = pytest.mark.parametrize("wire", ["sse", "websocket"])
URL = "/v1/memories"
ADMIN = "an-admin-key-of-the-tests"


@pytest.fixture
async def server(
    service: MemoryService, settings: Settings, redis_server: RedisServer
) -> AsyncIterator[FeedServer]:
    found = await FeedServer(feed_app(redis_server.url, settings, service)).started()
    yield found
    await found.stop()


@pytest.fixture
async def client(server: FeedServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as session:
        yield session


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url, decode_responses=True) as session:
        yield session


async def logged(redis: Redis) -> dict[str, Any]:
    """The key of the only owner's log, and its ids."""
    (key,) = await redis.keys("mg:*:ev")
    return {"key": key, "ids": [entry_id for entry_id, _ in await redis.xrange(key)]}


async def add(client: httpx.AsyncClient, content: str, **more: Any) -> str:
    answer = await client.post(URL, json={"content": content, "user_id": "alice"} | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_every_change_is_told_in_order(
    wire: str, client: httpx.AsyncClient, server: FeedServer, redis: Redis
) -> None:
    async with listening(wire, server.url, user_id="alice") as messages:
        oslo, cats = await add(client, "lives in Oslo"), await add(client, "likes cats")
        await client.put(f"{URL}/{cats}", json={"content": "likes dogs"})
        bergen = await add(client, "lives in Bergen", supersedes=[oslo])
        relation = {"target_id": bergen, "relation": "KNOWS"}
        made = (await client.post(f"{URL}/{cats}/relationships", json=relation)).json()
        edge = f"{URL}/{cats}/relationships/{made['id']}"
        await client.patch(edge, json={"metadata": {"n": 1}})
        await client.delete(edge)
        await client.delete(f"{URL}/{cats}")
        told = await take(messages, 9)
    changes = [(each["event"], each.get("memory_id") or each["relationship_id"]) for each in told]
    assert changes == [
        ("ADD", oslo),
        ("ADD", cats),
        ("UPDATE", cats),
        ("SUPERSEDE", oslo),
        ("ADD", bergen),
        ("RELATE", made["id"]),
        ("AMEND", made["id"]),
        ("RETRACT", made["id"]),
        ("DELETE", cats),
    ]
    assert [each["version"] for each in told if "version" in each] == [1, 1, 2, 2, 1, 2]
    assert {(each["source"], each["target"]) for each in told[5:8]} == {(cats, bergen)}
    assert told[0]["recorded_at"] <= told[8]["recorded_at"]
    assert [each["id"] for each in told] == (await logged(redis))["ids"]


async def test_whoever_goes_on_misses_nothing_while_others_write(
    wire: str, service: MemoryService, server: FeedServer, redis: Redis
) -> None:
    async def write(writer: int) -> None:
        for number in range(40):
            content = f"writer {writer} has note {number}"
            draft = NewMemory(content=content, scope=Scope(user_id="alice"))
            await service.memories.add(Caller(DEFAULT_PROJECT), [draft])

    async def read() -> list[str]:
        """In many short streams, each from the last id of the one before."""
        ids = ["0"]
        while len(ids) <= 160:
            async with listening(wire, server.url, user_id="alice", since=ids[-1]) as messages:
                found = await take(messages, min(7, 161 - len(ids)))
                ids += [each["id"] for each in found]
        return ids[1:]

    readers = asyncio.gather(*(read() for _ in range(3)))
    await asyncio.gather(*map(write, range(4)))
    ids = (await logged(redis))["ids"]
    assert await readers == [ids] * 3
    for index in (0, 80, 158):
        async with listening(wire, server.url, user_id="alice", since=ids[index]) as messages:
            told = await take(messages, 159 - index)
        assert [each["id"] for each in told] == ids[index + 1 :]


async def test_the_header_of_a_reconnecting_client_goes_before_since(
    wire: str, client: httpx.AsyncClient, server: FeedServer, redis: Redis
) -> None:
    if wire != "sse":
        pytest.skip("EventSource sends it")
    for number in range(3):
        await add(client, f"note {number}")
    ids = (await logged(redis))["ids"]
    header = {"Last-Event-ID": ids[1]}
    async with listening(wire, server.url, header, user_id="alice", since="0") as messages:
        assert [each["id"] for each in await take(messages, 1)] == ids[2:]


async def test_a_position_that_the_log_cannot_go_on_from_is_reset(
    wire: str, client: httpx.AsyncClient, server: FeedServer, redis: Redis
) -> None:
    for number in range(5):
        await add(client, f"note {number}")
    log = await logged(redis)
    await redis.xtrim(log["key"], maxlen=2, approximate=False)
    future = f"{2**62}-0"
    for since, reason in (
        (log["ids"][0], "trimmed"),
        (future, "unknown_position"),
        (f"{2**64 - 1}-0", "unknown_position"),
        (f"{2**64 - 1}-{2**64 - 1}", "unknown_position"),
        ("yesterday", "unknown_position"),
    ):
        async with listening(wire, server.url, user_id="alice", since=since) as messages:
            (reset,) = await take(messages, 1)
            assert reset == {"event": "reset", "reason": reason, "id": log["ids"][-1]}
            memory = await add(client, f"written after {since}")
            assert (await take(messages, 1))[0]["memory_id"] == memory
        log = await logged(redis)
    async with listening(wire, server.url, user_id="alice", since=log["ids"][0]) as messages:
        assert [each["id"] for each in await take(messages, 6)] == log["ids"][1:]
    async with listening(wire, server.url, user_id="alice", since="0") as messages:
        assert [each["id"] for each in await take(messages, 7)] == log["ids"]


async def test_an_erased_owner_is_one_reset(
    wire: str, client: httpx.AsyncClient, server: FeedServer
) -> None:
    for number in range(3):
        await add(client, f"note {number}")
    async with listening(wire, server.url, user_id="alice") as messages:
        assert (await client.post("/v1/erasures", json={"user_id": "alice"})).status_code == 200
        memory = await add(client, "begins anew")
        while (message := (await take(messages, 1))[0])["event"] == "DELETE":
            pass
        assert (message["event"], message["reason"]) == ("reset", "erased")
        (fresh,) = await take(messages, 1)
        assert fresh["memory_id"] == memory
    async with listening(wire, server.url, user_id="alice", since=message["id"]) as messages:
        assert await take(messages, 1) == [fresh]


async def test_an_owner_who_has_nothing_yet_has_a_stream(
    wire: str, client: httpx.AsyncClient, server: FeedServer
) -> None:
    async with listening(wire, server.url, agent_id="robot", since="0") as messages:
        await add(client, "of alice, named beside the robot", agent_id="robot")
        memory = await add(client, "of the robot", user_id=None, agent_id="robot")
        assert (await take(messages, 1))[0]["memory_id"] == memory


async def refusal(wire: str, url: str, key: str | None = None, **asked: str) -> tuple[int, str]:
    """Status and code of a stream that is refused, which a WebSocket's handshake tells alike."""
    headers = {} if key is None else {"Authorization": f"Token {key}"}
    if wire == "websocket":
        headers |= {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
    async with httpx.AsyncClient() as session:
        answer = await session.get(url + PATH, params=asked, headers=headers)
    return answer.status_code, answer.json()["code"]


async def test_a_stream_has_one_owner(wire: str, server: FeedServer) -> None:
    assert await refusal(wire, server.url) == (400, "scope_required")
    both = {"user_id": "alice", "agent_id": "robot"}
    assert await refusal(wire, server.url, **both) == (400, "invalid_input")
    assert await refusal(wire, server.url, user_id="x" * 3_000) == (400, "invalid_input")
    async with httpx.AsyncClient(base_url=server.url) as session:
        answer = await session.post(PATH)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


async def test_a_key_hears_its_own_user_for_as_long_as_it_stands(
    wire: str, service: MemoryService, settings: Settings, redis_server: RedisServer
) -> None:
    auth = settings.auth.model_copy(update={"mode": "api_key", "admin_key": SecretStr(ADMIN)})
    app = feed_app(redis_server.url, settings.model_copy(update={"auth": auth}), service)
    server = await FeedServer(app).started()
    admin = {"Authorization": f"Token {ADMIN}"}
    async with httpx.AsyncClient(base_url=server.url, headers=admin) as client:
        body = {"project_id": DEFAULT_PROJECT, "label": "a", "user_id": "alice", "scopes": ["read"]}
        made = (await client.post("/v1/keys", json=body)).json()
        assert await refusal(wire, server.url, user_id="alice") == (401, "unauthenticated")
        bob = await refusal(wire, server.url, made["key"], user_id="bob")
        assert bob == (403, "forbidden")
        key = {"X-API-Key": made["key"]}
        async with listening(wire, server.url, key) as messages:
            await add(client, "of bob", user_id="bob")
            memory = await add(client, "of alice")
            assert (await take(messages, 1))[0]["memory_id"] == memory
            await client.delete(f"/v1/keys/{made['id']}")
            assert await take(messages, 1) == [{"event": "closing", "reason": "revoked"}]
    await server.stop()


async def test_a_stream_ends_where_its_project_was_erased(
    wire: str, client: httpx.AsyncClient, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner's log is another one then: who comes again finds it."""
    monkeypatch.setattr("deployments.api.feed.routes._PING_S", 0.2)
    async with listening(wire, server.url, user_id="alice") as messages:
        assert (await client.delete("/v1/projects/default")).status_code == 202
        told = (await take(messages, 1))[-1]
    assert told == {"event": "closing", "reason": "reconnect"}
