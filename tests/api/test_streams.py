"""What the edge does with answers that last: event streams, WebSockets, exports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access import Access, open_access
from access.model import NewKey, Right
from config import Settings
from deployments.api.middleware.admission import Edge
from tests.api.keyed import ADMIN_KEY, AUTH
from tests.redis_server import RedisServer

STREAM = "/v1/events/stream"
HANDSHAKE = {"type": "websocket.connect"}


@pytest.fixture
async def access(settings: Settings, redis_server: RedisServer) -> AsyncIterator[Access]:
    auth = settings.auth.model_copy(update=AUTH)
    opened = open_access(settings.model_copy(update={"auth": auth}), redis_server.url)
    yield opened
    await opened.close()


async def reader(access: Access, *rights: Right) -> tuple[str, str]:
    """Id and secret of a new key."""
    visitor = await access.door.enter(ADMIN_KEY)
    new = NewKey("default", "", "alice", frozenset(rights), None)
    issued = await access.keys.create(visitor, new)
    return issued.key.id, issued.secret


def edge(app: ASGIApp, settings: Settings, access: Access, **limits: Any) -> Edge:
    api = settings.api.model_copy(update=limits)
    return Edge(app, settings.model_copy(update={"api": api}), access, sends_request_id=True)


def scope_of(kind: str, path: str, key: str, **more: Any) -> Scope:
    headers = [(b"authorization", f"Token {key}".encode())]
    made = {"type": kind, "path": path, "query_string": b"", "headers": headers, "state": {}}
    return made | {"method": "GET"} | more if kind == "http" else made | more


class Line:
    """A client of raw messages. `told` is what the application sent."""

    def __init__(self, *messages: Message) -> None:
        self.told: list[Message] = []
        self._messages = [*messages]
        self._spoke = asyncio.Event()

    async def receive(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.told.append(message)
        self._spoke.set()

    async def heard(self, messages: int) -> None:
        while len(self.told) < messages:
            self._spoke.clear()
            await self._spoke.wait()

    def status(self) -> int:
        return int(self.told[0]["status"])


def lasting(end: asyncio.Event) -> ASGIApp:
    """Begins an answer at once and ends it with the event."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await end.wait()
        if scope["type"] == "http":
            await send({"type": "http.response.body", "body": b"two"})

    return app


@pytest.mark.parametrize("path", [STREAM, "/v1/export", "/v1/admin/backup"])
async def test_what_lasts_is_not_held_back_and_has_no_deadline(
    settings: Settings, access: Access, path: str
) -> None:
    end, line = asyncio.Event(), Line({"type": "http.request", "body": b""})
    app = edge(lasting(end), settings, access, deadline_s=0.2)
    running = asyncio.create_task(app(scope_of("http", path, ADMIN_KEY), line.receive, line.send))
    await line.heard(2)
    await asyncio.sleep(0.4)
    end.set()
    await running
    assert b"".join(each.get("body", b"") for each in line.told) == b"onetwo"


async def test_an_export_that_does_not_begin_meets_the_deadline(
    settings: Settings, access: Access
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    line = Line({"type": "http.request", "body": b""})
    late = edge(app, settings, access, deadline_s=0.05)
    await late(scope_of("http", "/v1/export", ADMIN_KEY), line.receive, line.send)
    assert line.status() == 504


async def test_streams_have_places_of_their_own(settings: Settings, access: Access) -> None:
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


@pytest.mark.parametrize("path", ["/v1/export", "/v1/admin/backup"])
async def test_who_reads_nothing_of_a_long_answer_gives_its_place_back(
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
    assert not any(each.get("more_body") is False for each in told)
    again, end = Line({"type": "http.request", "body": b""}), asyncio.Event()
    end.set()
    app._app = lasting(end)
    await app(scope_of("http", "/v1/memories", ADMIN_KEY), again.receive, again.send)
    assert again.status() == 200


async def test_paths_with_control_characters_are_refused_at_once(
    settings: Settings, access: Access
) -> None:
    async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    app = edge(unreached, settings, access)
    for character in "\x00\n\r\x1f\x7f\x85\u2028\u2029":
        for path in ("/health", "/v1/keys", STREAM):
            for key in ("", ADMIN_KEY):
                line = Line(HANDSHAKE)
                await app(scope_of("http", path + character, key), line.receive, line.send)
                assert line.status() == 404
                assert b'"code":"not_found"' in line.told[1]["body"]
        line = Line(HANDSHAKE)
        await app(scope_of("websocket", STREAM + character, ADMIN_KEY), line.receive, line.send)
        assert line.told == [{"type": "websocket.close", "code": 1008, "reason": "not_found"}]


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


async def test_a_stream_can_ask_whether_its_key_stands(settings: Settings, access: Access) -> None:
    key_id, secret = await reader(access, Right.READ)
    asked: list[Callable[[], Awaitable[bool]]] = []
    callers = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["state"]["key_stands"])
        callers.append(scope["state"]["caller"])

    line = Line(HANDSHAKE)
    guarded = edge(app, settings, access)
    await guarded(scope_of("websocket", STREAM, secret), line.receive, line.send)
    assert callers[0].user_id == "alice"
    assert await asked[0]()
    await access.keys.revoke(await access.keys.get(key_id))
    await asyncio.sleep(1)
    assert not await asked[0]()
