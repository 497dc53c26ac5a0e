"""The outermost layer of every request: its id, who sends it, how big it may be, how long it may
take, and how many run at once. Plain ASGI, because each framework layer costs every request."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Settings
from deployments.api.errors import refusal
from memory.caller import DEFAULT_PROJECT, Caller
from memory.errors import (
    DeadlineExceeded,
    Mem0gError,
    Overloaded,
    TooLarge,
    Unauthenticated,
)

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/openapi.json", "/redoc"})
"""No key needed."""
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Edge:
    """Wraps the application; `scope["state"]` carries request_id and caller to the routes."""

    def __init__(self, app: ASGIApp, settings: Settings, sends_request_id: bool) -> None:
        self._app, self._api = app, settings.api
        self._sends_request_id = sends_request_id
        key = settings.auth.admin_key if settings.auth.mode == "api_key" else None
        self._key_hash = None if key is None else _hash(key.get_secret_value())
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {}).update(request_id=request_id, caller=Caller(DEFAULT_PROJECT))
        if len(scope["path"]) > 1:
            scope["path"] = scope["path"].removesuffix("/")
        answer = _Answer(send, request_id if self._sends_request_id else None)
        try:
            await self._admit(scope, headers, receive, answer)
        except ClientDisconnect:
            return
        except Mem0gError as error:
            if not answer.started:
                await refusal(error, request_id)(scope, receive, answer)

    async def _admit(
        self, scope: Scope, headers: Headers, receive: Receive, answer: _Answer
    ) -> None:
        if scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, answer)
            return
        self._authenticate(headers)
        if self._in_flight >= self._api.max_in_flight:
            raise Overloaded("too many requests under way; try again shortly")
        self._in_flight += 1
        try:
            async with asyncio.timeout(self._api.deadline_s):
                body = await self._body(headers, receive)
                await self._app(scope, _replay(body, receive), answer)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer within {self._api.deadline_s:g} s") from None
        finally:
            self._in_flight -= 1

    def _authenticate(self, headers: Headers) -> None:
        if self._key_hash is None:
            return
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("token", "bearer"):
            credential = ""
        credential = credential or headers.get("x-api-key", "")
        if not credential:
            raise Unauthenticated("a key is needed: Authorization: Token …, or X-API-Key")
        if not hmac.compare_digest(_hash(credential.strip()), self._key_hash):
            raise Unauthenticated("this key is not known")

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body: routes would otherwise learn of a body too large halfway through."""
        limit = self._api.max_body_bytes
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit:
                raise TooLarge(f"the body is larger than {limit} bytes")
        return bytes(body)


class _Answer:
    """Passes an answer on, with the request id if it is given, and remembers whether it began."""

    def __init__(self, send: Send, request_id: str | None) -> None:
        self._send, self._request_id = send, request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if self._request_id is not None:
                MutableHeaders(scope=message)["X-Request-ID"] = self._request_id
        await self._send(message)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=32).digest()
