"""Has what an administrator asks done once for an Idempotency-Key, and answers the same again. A
secret in the answer is not kept: it is made of what the caller sends each time.

These stay apart from the claims of memory calls (graph_store/memories/idempotency.py), although
both keep a digest, a nonce and an answer under a key. A claim of a memory call is one string, and
lives for a day after its last use. What is kept here is a hash, and it ends a day after its first
use: a secret must not come back for as long as somebody asks for it. One class for both would
change the format of one of them, or how long it is kept.
"""

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
from graph_store.redis.scripts import inline
from memory.domain.errors import IdempotencyMismatch

# Seconds from the first attempt; an hour more than callers are told.
KEPT_S = 25 * 3600

_BEGIN = inline("""#!lua
-- KEYS: attempt. ARGV: digest of the request, nonce, seconds to keep
if redis.call('HSETNX', KEYS[1], 'request', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'nonce', ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return redis.call('HMGET', KEYS[1], 'request', 'nonce', 'answer')""")

_END = inline("""#!lua
-- KEYS: attempt. ARGV: answer
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HSET', KEYS[1], 'answer', ARGV[1])
end
return 0""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """`seed`: 32 bytes, the same at every attempt of one request, random if it has no
    Idempotency-Key. `answer`: what was stored when an earlier attempt came to its end. `key`: where
    it is kept; None if it has no Idempotency-Key."""

    seed: bytes
    answer: str | None = None
    key: str | None = None


class Repeats:
    """Attempts of the calls that change things."""

    def __init__(self, redis: Connection, pepper: Pepper) -> None:
        self._redis, self._pepper = redis, pepper

    async def begin(self, caller: Pass) -> Attempt:
        """Raises IdempotencyMismatch if the Idempotency-Key came with another request."""
        once = caller.caller.once
        if once is None:
            return Attempt(secrets.token_bytes(32))
        named = (caller.identity, once.key.encode())
        key = f"mg:once:_:{(await self._pepper.digest('once', *named)).hex()}"
        request, nonce, answer = await self._redis.one(
            *_BEGIN.call([key], once.request, secrets.token_hex(16), KEPT_S)
        )
        if not hmac.compare_digest(request, once.request):
            raise IdempotencyMismatch("this Idempotency-Key was given to another request")
        # The nonce: a key used again after a day must not bring a revoked secret back.
        seed = await self._pepper.digest("seed", *named, bytes.fromhex(nonce))
        return Attempt(seed, answer, key)

    async def end(self, attempt: Attempt, answer: str) -> None:
        """Keep what to answer from now on; nothing secret."""
        if attempt.key is not None:
            await self._redis.one(*_END.call([attempt.key], answer))

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
