"""How an answer leaves, and how a WebSocket is refused."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

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


@pytest.mark.parametrize("path", ["/v1/export", "/v1/admin/backup"])
async def test_who_reads_nothing_of_a_long_answer_gives_its_slot_back(
    settings: Settings, access: Access, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("deployments.api.middleware.admission.SEND_S", 0.05)
    app = edge(lasting(asyncio.Event()), settings, access, max_in_flight=1)
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    line = Line({"type": "http.request", "body": b""})
    async with asyncio.timeout(5):
        await app(scope_of("http", path, ADMIN_KEY), line.receive, send)
    begun, part = told  # and no end
    assert (begun["type"], part["more_body"]) == ("http.response.start", True)
    again, end = Line({"type": "http.request", "body": b""}), asyncio.Event()
    end.set()
    app._app = lasting(end)
    await app(scope_of("http", "/v1/memories", ADMIN_KEY), again.receive, again.send)
    assert again.status() == 200


async def test_websockets_are_refused_before_they_are_accepted(
    settings: Settings, access: Access
) -> None:
    _, writer = await reader(access, Right.WRITE)
    app = edge(lasting(asyncio.Event()), settings, access)
    for key, status, code in (("wrong", 401, "unauthenticated"), (writer, 403, "forbidden")):
        line = Line(HANDSHAKE)
        extended = {"extensions": {"websocket.http.response": {}}}
        scope = scope_of("websocket", STREAM, key, **extended)
        await app(scope, line.receive, line.send)
        assert line.told[0]["type"] == "websocket.http.response.start"
        assert line.status() == status
        assert b"x-request-id" in dict(line.told[0]["headers"])
        line = Line(HANDSHAKE)
        await app(scope_of("websocket", STREAM, key), line.receive, line.send)
        assert line.told == [{"type": "websocket.close", "code": 1008, "reason": code}]
