"""What admission reads of a request: the credential, the body, the Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from memory.domain.caller import Once
from memory.domain.errors import InvalidInput, TooLarge

_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def credential_of(headers: Headers) -> str:
    """The key sent, or nothing: `Authorization: Token …`, `Bearer …` or `X-API-Key`."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("token", "bearer"):
        credential = ""
    return (credential or headers.get("x-api-key", "")).strip()


async def body_of(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body. It is read here, because a route would learn only halfway through that a body
    is too large. Raises TooLarge, and ClientDisconnect if the sender goes away."""
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


def replay(body: bytes, receive: Receive) -> Receive:
    """The body again for the routes, then what comes after it."""
    waiting: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read


def once_of(scope: Scope, headers: Headers, body: bytes) -> Once | None:
    """The Idempotency-Key with a digest of the request it came with; None if there is none. Raises
    InvalidInput. The path is taken as it was sent: decoded, and without a slash at its end, two
    paths may be one."""
    key = headers.get("idempotency-key")
    if key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidInput("Idempotency-Key: 1 to 255 printable ASCII characters")
    digest = hashlib.blake2b(digest_size=32)
    path = scope.get("raw_path") or scope["path"].encode()
    for part in (scope["method"].encode(), path, scope["query_string"], body):
        digest.update(len(part).to_bytes(8) + part)
    return Once(key, digest.hexdigest())
