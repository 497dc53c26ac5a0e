"""Has what an administrator asks done once for an Idempotency-Key, and answers the same again. A
secret in the answer is not kept: it is made of what the caller sends each time."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from access.model import Pass
from access.pepper import Pepper
from graph_store.redis.connection import Connection
from memory.domain.errors import IdempotencyMismatch

KEPT_S = 25 * 3600
"""Seconds from the first attempt; an hour more than callers are told."""

_BEGIN = """#!lua
-- ARGV: digest of the request, nonce, seconds to keep
if redis.call('HSETNX', KEYS[1], 'request', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'nonce', ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return redis.call('HMGET', KEYS[1], 'request', 'nonce', 'answer')"""

_END = """#!lua
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HSET', KEYS[1], 'answer', ARGV[1])
end
return 0"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`seed`: 32 bytes, the same at every attempt of one request, random where it has no
    Idempotency-Key. `answer`: what was stored when an earlier attempt came to its end."""

    seed: bytes
    answer: str | None = None
    place: str | None = None


class Repeats:
    """Attempts of the calls that change things."""

    def __init__(self, redis: Connection, pepper: Pepper) -> None:
        self._redis, self._pepper = redis, pepper

    async def begin(self, caller: Pass) -> Attempt:
        """Raises IdempotencyMismatch where the Idempotency-Key came with another request."""
        once = caller.caller.once
        if once is None:
            return Attempt(secrets.token_bytes(32))
        named = (caller.identity, once.key.encode())
        place = f"mg:once:_:{(await self._pepper.digest('once', *named)).hex()}"
        request, nonce, answer = await self._redis.one(
            "EVAL", _BEGIN, 1, place, once.request, secrets.token_hex(16), KEPT_S
        )
        if not hmac.compare_digest(request, once.request):
            raise IdempotencyMismatch("this Idempotency-Key was given to another request")
        # The nonce: a key used again after a day must not bring a revoked secret back.
        seed = await self._pepper.digest("seed", *named, bytes.fromhex(nonce))
        return Attempt(seed, answer, place)

    async def end(self, attempt: Attempt, answer: str) -> None:
        """Keep what to answer from now on; nothing secret."""
        if attempt.place is not None:
            await self._redis.one("EVAL", _END, 1, attempt.place, answer)

    async def once(
        self, caller: Pass, work: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> tuple[Mapping[str, Any], bool]:
        """What the work told, and whether an earlier attempt told it; as JSON, without secrets.
        Raises IdempotencyMismatch. Work that failed is done again."""
        attempt = await self.begin(caller)
        if attempt.answer is not None:
            return json.loads(attempt.answer), True
        told = await work()
        await self.end(attempt, json.dumps(told))
        return told, False
