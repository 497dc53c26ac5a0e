"""Slots: streams have their own, and no key has more than half of them."""

from __future__ import annotations

import asyncio

import httpx

from access import Access
from access.model import Right
from config import Settings
from tests.deployments.api.keyed import ADMIN_KEY
from tests.deployments.api.middleware.asgi import (
    HANDSHAKE,
    STREAM,
    Line,
    edge,
    lasting,
    reader,
    scope_of,
)


async def test_streams_have_slots_of_their_own(settings: Settings, access: Access) -> None:
    end = asyncio.Event()
    app = edge(lasting(end), settings, access, max_streams=2, max_in_flight=1)
    waiting = []
    for kind in ("http", "websocket"):
        line = Line(HANDSHAKE)
        scope = scope_of(kind, STREAM, ADMIN_KEY)
        waiting.append(asyncio.create_task(app(scope, line.receive, line.send)))
        await line.heard(1)
    full = Line()
    await app(scope_of("http", STREAM, ADMIN_KEY), full.receive, full.send)
    assert full.status() == 503
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        client.headers["x-api-key"] = ADMIN_KEY
        request = asyncio.create_task(client.get("/v1/memories"))
        await asyncio.sleep(0.01)
        end.set()
        assert (await request).status_code == 200
    await asyncio.gather(*waiting)
    line = Line(HANDSHAKE)
    await app(scope_of("websocket", STREAM, ADMIN_KEY), line.receive, line.send)
    assert line.told == [{"type": "websocket.accept"}]


async def test_a_key_has_no_more_than_half_of_the_streams(
    settings: Settings, access: Access
) -> None:
    _, first = await reader(access, Right.READ)
    _, second = await reader(access, Right.READ)
    end, waiting = asyncio.Event(), []
    app = edge(lasting(end), settings, access, max_streams=5)

    async def opens(key: str, kind: str = "http") -> bool:
        line = Line(HANDSHAKE)
        scope = scope_of(kind, STREAM, key, extensions={"websocket.http.response": {}})
        waiting.append(asyncio.create_task(app(scope, line.receive, line.send)))
        await line.heard(1)
        return line.told[0].get("status", 200) == 200

    assert [await opens(first), await opens(first, "websocket")] == [True, True]
    assert [await opens(first), await opens(first, "websocket")] == [False, False]
    assert [await opens(second), await opens(ADMIN_KEY), await opens(ADMIN_KEY)] == [True] * 3
    end.set()
    await asyncio.gather(*waiting)
    end.clear()
    assert [await opens(first), await opens(first), await opens(first)] == [True, True, False]
    end.set()
    await asyncio.gather(*waiting)
