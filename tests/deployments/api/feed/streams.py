"""The live feed as clients see it: a real server on a free port, SSE and WebSocket readers."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from access import open_access
from config import Settings
from deployments.api import create_app
from deployments.api.feed.event_hub import EventHub
from graph_store import open_event_log
from tests.deployments.api.documented import NO_SERVICE

Messages = AsyncIterator[dict[str, Any]]
PATH = "/v1/events/stream"
PATIENCE_S = 20.0


def feed_app(
    url: str, settings: Settings, service: Any = None, stream_s: float | None = None
) -> ASGIApp:
    """The application over a Redis; without a service it has the feed and no memories."""
    feed = EventHub(open_event_log(settings, url), stream_s)
    return create_app(service or NO_SERVICE, settings, access=open_access(settings, url), feed=feed)


class FeedServer:
    """An application behind a real server, in this process."""

    def __init__(self, app: ASGIApp) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # shows who is slow
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
        self._task = asyncio.create_task(self.server.serve(sockets=[self._socket]))

    async def started(self) -> FeedServer:
        async with httpx.AsyncClient() as client:
            await client.get(f"{self.url}/health")
        return self

    async def stop(self) -> None:
        """Returns once it has ended, and fails where a stream holds it up."""
        self.server.should_exit = True
        async with asyncio.timeout(PATIENCE_S):
            await self._task


@asynccontextmanager
async def listening(
    wire: str, url: str, headers: dict[str, str] | None = None, **asked: str
) -> AsyncIterator[Messages]:
    """An open stream, which has told where it stands."""
    if wire == "sse":
        async with (
            httpx.AsyncClient(timeout=None) as client,
            client.stream("GET", url + PATH, params=asked, headers=headers) as answer,
        ):
            assert answer.status_code == 200, await answer.aread()
            yield await _begun(_of_sse(answer))
    else:
        query = httpx.QueryParams(asked)
        target = f"{url.replace('http', 'ws', 1)}{PATH}?{query}"
        # A close waits for what lies unread before it, which nobody here takes any more.
        async with connect(target, additional_headers=headers, close_timeout=0.1) as websocket:
            yield await _begun(_of_websocket(websocket))


async def _begun(messages: Messages) -> Messages:
    async with asyncio.timeout(PATIENCE_S):
        assert (await anext(messages))["event"] == "ping"
    return messages


async def _of_sse(answer: httpx.Response) -> Messages:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name or "comment"] = value.removeprefix(": ")
            continue
        if "data" in fields:
            message = json.loads(fields["data"])
            assert fields.get("event", "message") in ("message", message["event"])
            assert fields.get("id") == message.get("id")
            yield message
        elif "comment" in fields:
            yield {"event": "ping", "id": fields["id"]}
        fields = {}


async def _of_websocket(websocket: Any) -> Messages:
    with suppress(ConnectionClosed):
        while True:
            yield json.loads(await websocket.recv())
    yield {"closed": websocket.close_code, "reason": websocket.close_reason}


async def take(messages: Messages, count: int) -> list[dict[str, Any]]:
    """The next messages other than pings."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            message = await anext(messages)
            if message.get("event") != "ping":
                found.append(message)
    return found
