"""The live feed on the wire: an owner's events over server-sent events or a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, WebSocket
from fastapi.sse import format_sse_event
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send
from starlette.websockets import WebSocketDisconnect

from deployments.api.errors import invalid
from deployments.api.feed.event_hub import EventHub, Listener, Reset
from deployments.api.middleware.permissions import STREAM_PATH
from deployments.api.middleware.response import SEND_S, refuse_websocket
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import ScopeFields
from memory.domain.caller import Caller
from memory.domain.clock import format_instant
from memory.domain.errors import Mem0gError, Unavailable
from memory.domain.events import LogEvent, Position

_PING_S = 15.0

# How often a stream asks whether its key still stands: as soon as any call would be refused.
_CHECK_S = 1.0

_RETRY_MS = 1_000
_CLOSE_CODES = {"slow_reader": 1013, "revoked": 1008}

# The WebSocket code of the other reasons: come back, here or at another replica.
_RESTART = 1012

KeyStands = Callable[[], Awaitable[bool]]


class FeedParameters(ScopeFields):
    since: Annotated[
        str | None,
        Query(description="the id of the last event seen; 0: all that is kept; left out: from now"),
    ] = None


@dataclass(frozen=True, slots=True)
class Ping:
    position: Position


@dataclass(frozen=True, slots=True)
class Closing:
    """The last thing that a stream says, if it can say anything."""

    reason: str


Message = LogEvent | Reset | Ping | Closing


def routes(hub: EventHub) -> APIRouter:
    router = new_router("events")

    @router.get(
        STREAM_PATH,
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {}}, "description": "The events"}},
    )
    async def events(
        request: Request,
        asked: Annotated[FeedParameters, Query()],
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Live events of one owner's memories, as server-sent events; the same path is a
        WebSocket. `Last-Event-ID` goes before `since`."""
        since = last_event_id or asked.since
        listener = await _listen(hub, request.state.caller, asked, since)
        return _EventStream(listener, request.state.key_stands, hub.stream_s)

    @router.websocket(STREAM_PATH)
    async def events_over_websocket(websocket: WebSocket) -> None:
        try:
            asked = _asked(websocket)
            listener = await _listen(hub, websocket.state.caller, asked, asked.since)
        except Mem0gError as error:
            await refuse_websocket(error, websocket.scope, websocket.receive, websocket.send)
            return
        with listener:
            await websocket.accept()
            messages = _messages(listener, websocket.state.key_stands, hub.stream_s)
            sending = asyncio.create_task(_send(websocket, messages))
            leaving = asyncio.create_task(_left(websocket))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                sending.cancel()
                leaving.cancel()

    return router


async def _listen(
    hub: EventHub, caller: Caller, asked: FeedParameters, since: str | None
) -> Listener:
    return await hub.listen(lambda: hub.log.slot(caller, asked.scope()), since)


def _asked(websocket: WebSocket) -> FeedParameters:
    """FastAPI would close the connection without saying what is wrong."""
    try:
        return FeedParameters.model_validate(dict(websocket.query_params))
    except ValidationError as error:
        raise invalid(error.errors()) from None


async def _messages(
    listener: Listener, key_stands: KeyStands, stream_s: float | None
) -> AsyncIterator[list[Message]]:
    """What to send, as much at once as there is. Begins with a ping, which tells the position."""
    clock = asyncio.get_running_loop().time
    now = clock()
    ends, pinged, checked = now + (stream_s or float("inf")), now, now
    yield [Ping(listener.position)]
    while listener.closing is None:
        found = await listener.next(min(_CHECK_S, max(0.0, ends - clock())))
        if isinstance(found, Reset):
            yield [found]
        elif found:
            yield [*map(_told, found)]
        now = clock()
        if now >= ends:
            listener.close("reconnect")
        elif now >= checked + _CHECK_S:
            checked = now
            if not await _still_stands(key_stands):
                listener.close("revoked")
        if now >= pinged + _PING_S and listener.closing is None:
            pinged = now
            if await listener.moved():
                listener.close("reconnect")
            else:
                yield [Ping(listener.position)]
    yield [Closing(listener.closing)]


def _told(event: LogEvent) -> Message:
    """Where a whole owner was erased, there is one event for all, which leaves nothing standing."""
    return Reset(event.position, "erased") if event.kind == "ERASE" else event


async def _still_stands(key_stands: KeyStands) -> bool:
    try:
        return await key_stands()
    except Unavailable:
        return True  # nobody can tell now; the next check will


class _EventStream(StreamingResponse):
    media_type = "text/event-stream"

    def __init__(self, listener: Listener, key_stands: KeyStands, stream_s: float | None) -> None:
        self._listener = listener
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_chunks(_messages(listener, key_stands, stream_s)), headers=headers)

    async def stream_response(self, send: Send) -> None:
        async def send_soon(message: Any) -> None:
            async with asyncio.timeout(SEND_S):
                await send(message)

        # Where it is given up, the server closes the connection, as the answer has no end.
        with self._listener, suppress(TimeoutError):
            await super().stream_response(send_soon)


async def _chunks(messages: AsyncIterator[list[Message]]) -> AsyncIterator[bytes]:
    yield format_sse_event(retry=_RETRY_MS)
    async for batch in messages:
        yield b"".join(map(_sse, batch))


def _sse(message: Message) -> bytes:
    match message:
        case Ping():  # without data it is no event to a client, which still keeps the id
            return format_sse_event(comment="ping", id=str(message.position))
        case Closing():
            return format_sse_event(event="closing", data_str=_json(message))
        case Reset():
            return format_sse_event(
                event="reset", data_str=_json(message), id=str(message.position)
            )
        case LogEvent():
            return format_sse_event(data_str=_json(message), id=str(message.position))


async def _send(websocket: WebSocket, messages: AsyncIterator[list[Message]]) -> None:
    with suppress(WebSocketDisconnect, TimeoutError):
        async for batch in messages:
            for message in batch:
                async with asyncio.timeout(SEND_S):
                    await websocket.send_text(_json(message))
                    if isinstance(message, Closing):
                        code = _CLOSE_CODES.get(message.reason, _RESTART)
                        await websocket.close(code, message.reason)


async def _left(websocket: WebSocket) -> None:
    """Returns once the client is gone; what it sends until then means nothing."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _json(message: Message) -> str:
    return orjson.dumps(message_out(message)).decode()


def message_out(message: Message) -> dict[str, Any]:
    match message:
        case Ping(position):
            return {"event": "ping", "id": str(position)}
        case Closing(reason):
            return {"event": "closing", "reason": reason}
        case Reset(position, reason):
            return {"event": "reset", "reason": reason, "id": str(position)}
        case LogEvent():
            return _event_out(message)


def _event_out(event: LogEvent) -> dict[str, Any]:
    head = {"id": str(event.position), "event": event.kind}
    recorded = {"recorded_at": format_instant(event.position.at)}
    if event.ends is None:
        return {**head, "memory_id": event.thing_id, "version": event.version, **recorded}
    source, target = event.ends
    return {
        **head,
        "relationship_id": event.thing_id,
        "source": source,
        "target": target,
    } | recorded
