"""Admission without the application behind it, and a client of raw ASGI messages."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access import Access
from access.model import NewKey, Right
from config import Settings
from deployments.api.middleware.admission import Admission
from tests.deployments.api.keyed import ADMIN_KEY

STREAM = "/v1/events/stream"
HANDSHAKE = {"type": "websocket.connect"}


async def reader(access: Access, *rights: Right) -> tuple[str, str]:
    """Id and secret of a new key."""
    visitor = await access.door.enter(ADMIN_KEY)
    new = NewKey("default", "", "alice", frozenset(rights), None)
    issued = await access.keys.create(visitor, new)
    return issued.key.id, issued.secret


def edge(app: ASGIApp, settings: Settings, access: Access, **limits: Any) -> Admission:
    api = settings.api.model_copy(update=limits)
    return Admission(app, settings.model_copy(update={"api": api}), access, sends_request_id=True)


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
