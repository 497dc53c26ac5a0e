"""Whose language a call is in: ours, or that of Mem0's clients. Decided here and nowhere else.

Most paths belong to one of them. On the few where both meet, what the caller sends decides: first
what only one of them has in a body, then the headers that Mem0's clients send, then words that
only Mem0's calls have. Mem0's calls go to routes under /mem0, which is also a prefix that callers
may use themselves: a client whose host ends in /mem0 is one of Mem0's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers

PREFIX = "/mem0"

_SLASHES = re.compile(r"^/{2,}")
_SHARED = {
    "GET": re.compile(r"/v1/memories(/(?!(graph|path|search)$)[^/]+(/history)?)?"),
    "POST": re.compile(r"/v1/memories(/search)?"),
    "PUT": re.compile(r"/v1/memories/[^/]+"),
    "DELETE": re.compile(r"/v1/memories/[^/]+|/v1/entities/[^/]+/.+"),
}
# Their names tell; what is in them does not, and it may be nothing.
_HEADERS = ("mem0-user-id", "x-mem0-client")
_MEM0_FIELD = {"POST": "messages", "PUT": "text"}
_OUR_FIELD = "content"
# Of query strings and bodies. In calls of ours on these paths none of them means anything.
_WORDS = frozenset(
    {
        "async_mode",
        "delete_linked",
        "enable_graph",
        "expiration_date",
        "fields",
        "keyword_search",
        "keywords",
        "latest_only",
        "org_id",
        "output_format",
        "page",
        "page_size",
        "project_id",
        "reference_date",
        "rerank",
        "run_id",
        "show_expired",
        "timestamp",
        "top_k",
        "version",
    }
)


def plain(path: str) -> tuple[str, bool]:
    """The path as routes know it, and whether its prefix says that Mem0's are meant: without
    a slash at its end or more than one where it begins, which some hosts and clients make."""
    path = _SLASHES.sub("/", path)
    prefixed = path == PREFIX or path.startswith(f"{PREFIX}/")
    path = _SLASHES.sub("/", path.removeprefix(PREFIX)) if prefixed else path
    return (path.removesuffix("/") or "/"), prefixed


def shared(method: str, path: str) -> bool:
    """Whether both languages have calls there; `path` is a plain one."""
    known = _SHARED.get(method)
    return known is not None and known.fullmatch(path) is not None


def is_mem0(method: str, headers: Headers, query: bytes, body: bytes) -> bool:
    """Whether a call of a shared path is in Mem0's language."""
    fields = _fields(body) if method in ("POST", "PUT") else {}
    if _MEM0_FIELD.get(method) in fields:
        return True
    if _OUR_FIELD in fields:
        return False
    if any(name in headers for name in _HEADERS):
        return True
    words = {name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
    return not _WORDS.isdisjoint(words | fields.keys())


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
