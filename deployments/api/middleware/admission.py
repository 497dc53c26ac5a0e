"""Lets a request in: its id, who sends it, how big it may be, how long it may take, and how many
run at once. Plain ASGI, because each layer of a framework costs every request."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from access import Access
from access.door import require
from access.model import Demand, Pass, Right
from config.settings import Settings
from deployments.api.errors import refusal
from deployments.api.middleware import dialect
from deployments.api.middleware.audit import action_of
from deployments.api.middleware.concurrency import ConcurrencyLimit
from deployments.api.middleware.permissions import OPEN_PATHS, answers_long, demand_of, streams
from deployments.api.middleware.request_parts import body_of, credential_of, once_of, replay
from deployments.api.middleware.response import (
    SEND_S,
    ResponseSender,
    limit_headers,
    refuse_websocket,
)
from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.domain.errors import (
    DeadlineExceeded,
    Mem0gError,
    NotFound,
    RateLimited,
    Unauthenticated,
)

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
# No path has one: routes match some of them as the end of a path, and rights do not.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Admission:
    """Wraps the application; `scope["state"]` carries to the routes: request_id, caller, visitor
    (the Pass), admitted (whether it may do this) and key_stands (whether the key would still be
    let in)."""

    def __init__(
        self, app: ASGIApp, settings: Settings, access: Access, sends_request_id: bool
    ) -> None:
        self._app, self._api, self._access = app, settings.api, access
        self._sends_request_id = sends_request_id
        self._requests = ConcurrencyLimit(settings.api.max_in_flight, "too many requests under way")
        self._streams = ConcurrencyLimit(settings.api.max_streams, "too many streams are open")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {}).update(request_id=request_id, caller=Caller(DEFAULT_PROJECT))
        scope["path"], scope["state"]["mem0"] = dialect.plain(scope["path"])
        sender = ResponseSender(send)
        if self._sends_request_id:
            sender.headers["X-Request-ID"] = request_id
        if scope["type"] == "websocket":
            await self._open_websocket(scope, headers, receive, sender)
            return
        try:
            await self._admit(scope, headers, receive, sender)
        except ClientDisconnect:
            return
        except Mem0gError as error:
            scope["state"]["refusal"] = error.code
            if not sender.started:
                await refusal(error, request_id)(scope, receive, sender)
        except Exception:
            if not sender.started:
                await sender.start(500)  # by whoever is outside the edge
            raise

    async def _admit(
        self, scope: Scope, headers: Headers, receive: Receive, sender: ResponseSender
    ) -> None:
        method, path = scope["method"], scope["path"]
        _refuse_controls(path)
        if path in OPEN_PATHS:
            await self._app(scope, receive, sender)
            return
        demand = demand_of(method, path)
        if demand.right is Right.ADMIN:
            sender.at_start(lambda status: self._audit(scope, status))
        if streams(method, path):
            with self._streams.slot():
                visitor = await self._enter(scope, headers, demand, sender)
                with self._streams.share(visitor):
                    await self._app(scope, receive, sender)
            return
        with self._requests.slot():
            try:
                async with asyncio.timeout(self._api.deadline_s) as deadline:
                    if answers_long(method, path):
                        sender.at_start(lambda _: _lift(deadline))
                        sender.patience = SEND_S
                    visitor = await self._enter(scope, headers, demand, sender)
                    body = await body_of(headers, receive, self._api.max_body_bytes)
                    if demand.writes:
                        _remember(scope, visitor, once_of(scope, headers, body))
                    _address(scope, headers, body)
                    await self._app(scope, replay(body, receive), sender)
            except TimeoutError:
                raise DeadlineExceeded(f"no answer within {self._api.deadline_s:g} s") from None

    async def _open_websocket(
        self, scope: Scope, headers: Headers, receive: Receive, sender: ResponseSender
    ) -> None:
        """Asks for what a GET would be asked, before anything is accepted."""
        entered = False
        try:
            _refuse_controls(scope["path"])
            with self._streams.slot():
                demand = demand_of("GET", scope["path"])
                visitor = await self._enter(scope, headers, demand, sender)
                with self._streams.share(visitor):
                    entered = True
                    await self._app(scope, receive, sender)
        except Mem0gError as error:
            if entered:
                raise
            await refuse_websocket(error, scope, receive, sender)

    async def _enter(
        self, scope: Scope, headers: Headers, demand: Demand, sender: ResponseSender
    ) -> Pass:
        """Raises what refuses the caller, once the answer has the headers that belong to it."""
        door, credential = self._access.door, credential_of(headers)
        visitor = await door.enter(credential)

        async def key_stands() -> bool:
            try:
                await door.enter(credential)
            except Unauthenticated:
                return False
            return True

        scope["state"].update(visitor=visitor, caller=visitor.caller, key_stands=key_stands)
        standing = await door.count(visitor, demand)
        if standing is not None:
            sender.headers |= limit_headers(standing)
            if standing.refusal:
                raise RateLimited(standing.refusal, retry_after=max(1, standing.reset_s))
        require(visitor, demand)
        scope["state"]["admitted"] = True
        return visitor

    async def _audit(self, scope: Scope, status: int) -> None:
        state = scope["state"]
        visitor: Pass | None = state.get("visitor")
        await self._access.audit.write(
            key_id=visitor.key_id if visitor else "",
            project="" if visitor is None or visitor.everywhere else visitor.caller.project,
            action=action_of(scope),
            status=status,
            request_id=state["request_id"],
            admitted="admitted" in state,
        )


def _refuse_controls(path: str) -> None:
    if _CONTROL.search(path):
        raise NotFound("no path has control characters")


def _address(scope: Scope, headers: Headers, body: bytes) -> None:
    """Send a call in Mem0's language to Mem0's routes, if the path alone does not."""
    method, path = scope["method"], scope["path"]
    if dialect.shared(method, path) and (
        scope["state"]["mem0"] or dialect.is_mem0(method, headers, scope["query_string"], body)
    ):
        scope["path"] = dialect.PREFIX + path


def _remember(scope: Scope, visitor: Pass, once: Once | None) -> None:
    caller = replace(visitor.caller, once=once)
    scope["state"].update(caller=caller, visitor=replace(visitor, caller=caller))


async def _lift(deadline: asyncio.Timeout) -> None:
    with suppress(RuntimeError):  # it is over already, and this is the refusal that says why
        deadline.reschedule(None)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex
