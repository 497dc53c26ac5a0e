"""What each call needs: the one place that knows the rights of methods and paths, and which
answers are long."""

from __future__ import annotations

from fastapi import Depends
from starlette.requests import HTTPConnection

from access.door import require
from access.model import Demand, Right

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/openapi.json", "/redoc"})
"""No key needed."""

STREAM_PATH = "/v1/events/stream"
"""Answers for as long as the client stays, over SSE or a WebSocket."""

_LONG_ANSWERS = frozenset({"/v1/export", "/v1/admin/backup"})
ADMIN_PATHS = ("/v1/projects", "/v1/keys", "/v1/admin")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_READING_POSTS = frozenset({"/v1/memories/search", "/v1/erasures/check"})


def demand_of(method: str, path: str) -> Demand:
    """The right, and whether the call counts as a write. `path` has no slash at its end."""
    writes = method not in _READING and path not in _READING_POSTS
    if any(path == each or path.startswith(f"{each}/") for each in ADMIN_PATHS):
        return Demand(Right.ADMIN, writes)
    return Demand(Right.WRITE if writes else Right.READ, writes)


def streams(method: str, path: str) -> bool:
    return method == "GET" and path == STREAM_PATH


def answers_long(method: str, path: str) -> bool:
    """Whether the deadline is for the beginning of the answer, not for all of it."""
    return method == "GET" and path in _LONG_ANSWERS


async def _hold_right(request: HTTPConnection) -> None:
    route: str = request.scope["route"].path
    require(request.state.visitor, demand_of(request.scope["method"], route))


HOLDS_RIGHT = Depends(_hold_right)
"""The second wall, for routes of administrators: asks for the right by the route that was found,
where the edge asked by the path that was sent. Raises Forbidden."""
