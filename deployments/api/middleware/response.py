"""How an answer leaves: what is added as it begins, how long its reader may take, and how a
WebSocket is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from access.model import LimitStanding
from deployments.api.errors import refusal
from memory.domain.errors import Mem0gError

_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_POLICY_VIOLATION = 1008

# A reader of a long answer who takes nothing for so long is given up.
SEND_S = 10.0


class ResponseSender:
    """Sends an answer with `headers` of our own, and remembers whether it began. Its reader has
    `patience` seconds to take each part; TimeoutError ends what takes longer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._beginnings: list[Callable[[int], Awaitable[None]]] = []
        self.headers: dict[str, str] = {}
        self.patience: float | None = None
        self.started = False

    def at_start(self, beginning: Callable[[int], Awaitable[None]]) -> None:
        """Have `beginning` called with the status, before the answer begins."""
        self._beginnings.append(beginning)

    async def start(self, status: int) -> None:
        self.started = True
        for beginning in self._beginnings:
            await beginning(status)

    async def __call__(self, message: Message) -> None:
        if message["type"] in _STARTS:
            await self.start(message["status"])
            MutableHeaders(scope=message).update(self.headers)
        async with asyncio.timeout(self.patience):
            await self._send(message)


def limit_headers(standing: LimitStanding) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(standing.limit),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": str(standing.reset_s),
    }


async def refuse_websocket(error: Mem0gError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake as a request would be; if the server cannot, close the connection,
    which most servers turn into a 403."""
    await receive()  # the client's websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": error.code})
        return
    await refusal(error, scope["state"]["request_id"])(scope, receive, send)
