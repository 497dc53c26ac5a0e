"""Has what an administrator asks done once for an Idempotency-Key, and answers the same again. A
secret in the answer is not kept: it is made of what the caller sends each time.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from access.model import Pass
from access.pepper import Pepper
from graph_store.format import keys
from graph_store.redis.connection import Connection
from graph_store.redis.kept_answers import KeptAnswers, KeptClaim
from memory.domain.errors import IdempotencyMismatch


@dataclass(frozen=True, slots=True)
class Attempt:
    """`seed`: 32 bytes, the same at every attempt of one request, random if it has no
    Idempotency-Key. `claim` is kept under `key`; both are None if there is no Idempotency-Key."""

    seed: bytes
    key: str | None = None
    claim: KeptClaim | None = None

    @property
    def answer(self) -> str | None:
        """What was stored when an earlier attempt came to its end."""
        return None if self.claim is None else self.claim.answer


class Repeats:
    """Attempts of the calls that change things. A claim ends 25 hours after its first use: a secret
    must not come back for as long as somebody asks for it."""

    def __init__(self, redis: Connection, pepper: Pepper) -> None:
        self._answers, self._pepper = KeptAnswers(redis, renews=False), pepper

    async def begin(self, caller: Pass) -> Attempt:
        """Raises IdempotencyMismatch if the Idempotency-Key came with another request."""
        once = caller.caller.once
        if once is None:
            return Attempt(secrets.token_bytes(32))
        named = (caller.identity, once.key.encode())
        digest = await self._pepper.digest("once", *named)
        key = keys.once_of_administrator(digest.hex())
        claim = await self._answers.claim(key, KeptClaim(once.request, secrets.token_hex(16)))
        if not hmac.compare_digest(claim.request, once.request):
            raise IdempotencyMismatch("this Idempotency-Key was given to another request")
        # The nonce: a key used again after a day must not bring a revoked secret back.
        seed = await self._pepper.digest("seed", *named, bytes.fromhex(claim.nonce))
        return Attempt(seed, key, claim)

    async def end(self, attempt: Attempt, answer: str) -> None:
        """Keep what to answer from now on; nothing secret."""
        if attempt.key is not None and attempt.claim is not None:
            await self._answers.keep(attempt.key, replace(attempt.claim, answer=answer))

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
