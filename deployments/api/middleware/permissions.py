"""What each call needs. This is the one place that knows which right a method and a path take, and
which answers are long."""

from __future__ import annotations

from fastapi import Depends
from starlette.requests import HTTPConnection

from access.door import require
from access.model import Demand, Right
from deployments.api.middleware.dialect import PREFIX

# They take no key.
OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/openapi.json", "/redoc"})

# It answers for as long as the client stays, over SSE or a WebSocket.
STREAM_PATH = "/v1/events/stream"

_LONG_ANSWERS = frozenset({"/v1/export", "/v1/admin/backup"})
_ALL_ADMIN = ("/v1/projects", "/v1/keys", "/v1/admin", "/reset")
# Whoever may read may read there.
_ADMIN_WRITES = ("/api/v1/orgs", "/v2/profiles/settings", "/configure")
ADMIN_AREAS = _ALL_ADMIN + _ADMIN_WRITES
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_READING_POSTS = frozenset(
    {
        "/v1/memories/search",
        "/v1/erasures/check",
        "/v1/exports/get",
        "/v1/summary",
        "/v2/memories",
        "/v2/memories/search",
        "/v3/memories",
        "/v3/memories/search",
        "/search",
        "/generate-instructions",
    }
)


def demand_of(method: str, path: str) -> Demand:
    """The right, and whether the call counts as a write. `path` is one that dialect.plain made, or
    the template of a route."""
    path = path.removeprefix(PREFIX)
    writes = method not in _READING and not (method == "POST" and path in _READING_POSTS)
    if _within(path, _ALL_ADMIN) or (writes and _within(path, _ADMIN_WRITES)):
        return Demand(Right.ADMIN, writes)
    return Demand(Right.WRITE if writes else Right.READ, writes)


def _within(path: str, areas: tuple[str, ...]) -> bool:
    return any(path == area or path.startswith(f"{area}/") for area in areas)


def streams(method: str, path: str) -> bool:
    return method == "GET" and path == STREAM_PATH


def answers_long(method: str, path: str) -> bool:
    """Whether the deadline is for the beginning of the answer, not for all of it."""
    return method == "GET" and path in _LONG_ANSWERS


async def _hold_right(request: HTTPConnection) -> None:
    route: str = request.scope["route"].path
    require(request.state.visitor, demand_of(request.scope["method"], route))


# The second wall, for routes of administrators. Admission asked for the right by the path that was
# sent; this asks again by the route that was found. Raises Forbidden.
HOLDS_RIGHT = Depends(_hold_right)
