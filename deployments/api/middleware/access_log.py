"""Every request as an operator sees it: counted, timed, and one line in the log. It stands outside
of admission, so that it sees what is refused there too. Plain ASGI, as admission is."""

from __future__ import annotations

import logging
import time

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.api.middleware.permissions import streams
from memory.ports.metrics import Meter

log = logging.getLogger("mem0g.access")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The status of a request whose sender went away before an answer began.
_GONE = 499


class AccessLog:
    """Tells the meter of every HTTP request and, with `log_requests`, the log. A request is named
    by the template of its route, because paths and query strings name users."""

    def __init__(self, app: ASGIApp, meter: Meter, log_requests: bool) -> None:
        self._app, self._meter, self._log_requests = app, meter, log_requests
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = _GONE

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begun = time.perf_counter()
        lasts = streams(scope["method"], scope["path"])  # as long as its reader stays: no figure
        self._count_in_flight(not lasts)
        try:
            await self._app(scope, receive, watch)
        except Exception:
            status = 500
            scope.setdefault("state", {})["refusal"] = "internal_error"
            raise
        finally:
            self._count_in_flight(-(not lasts))
            self._tell(scope, status, None if lasts else time.perf_counter() - begun)

    def _count_in_flight(self, change: int) -> None:
        self._in_flight += change
        self._meter.gauge("requests_in_flight", self._in_flight)

    def _tell(self, scope: Scope, status: int, seconds: float | None) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        state = scope.get("state", {})
        self._meter.count("requests", method=method, route=route, status=str(status))
        if seconds is not None:
            self._meter.observe("request_seconds", seconds, method=method, route=route)
        if (code := state.get("refusal")) is not None:
            self._meter.count("refusals", code=code)
        if self._log_requests:
            log.info(
                "%s %s %d",
                method,
                route,
                status,
                extra={
                    "method": method,
                    "route": route,
                    "status": status,
                    "milliseconds": round((seconds or 0) * 1000, 1),
                    "request_id": state.get("request_id", ""),
                    # Serve would look up its own context, which costs more than the record.
                    "skip_context_filter": True,
                },
            )


class Bug(Exception):
    """Stands for an error that nobody expected, once it is answered and logged. It names the
    error's type and nothing else."""


def wordless(app: FastAPI) -> FastAPI:
    """The same application, whose errors leave it as a Bug. Servers log what they catch. If the
    server is another process, as Serve's own proxy is, nothing else keeps the messages back."""
    stack = app.build_middleware_stack

    def build() -> ASGIApp:
        inner = stack()

        async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await inner(scope, receive, send)
            except Exception as error:
                raise Bug(type(error).__qualname__) from None

        return outermost

    app.build_middleware_stack = build  # type: ignore[method-assign]
    return app
