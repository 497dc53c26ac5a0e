"""What an Idempotency-Key was first sent with, and what its request was answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import orjson

from graph_store.redis.connection import Connection
from graph_store.redis.scripts import inline, script

# A claim outlives the answers that it guards (commit.ANSWER_S).
KEPT_S = 25 * 3600

_CLAIM = script("redis/claim")

_KEEP = inline("""#!lua
-- KEYS: claim.  ARGV: the claim without an answer, and with one; seconds, or '' for what is left.
local stands = redis.call('GET', KEYS[1])
if stands and stands ~= ARGV[1] then return stands end
if ARGV[3] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
elseif stands then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') end
return ARGV[2]""")


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """An idempotency claim: the digest of its first request, and a nonce of this claim alone.
    `answer` is JSON; None if the request was not answered yet."""

    request: str
    nonce: str
    answer: Any = None

    @classmethod
    def read(cls, text: str) -> Self:
        request, answer, nonce = orjson.loads(text)
        return cls(request, nonce, answer)

    def write(self) -> str:
        return orjson.dumps([self.request, self.answer, self.nonce]).decode()


class KeptAnswers:
    """Claims by their keys in Redis. A claim ends 25 hours after its first request, or after its
    last one if every use `renews` it."""

    def __init__(self, redis: Connection, renews: bool) -> None:
        self._redis, self._renews = redis, renews

    async def claim(self, key: str, wanted: KeptClaim) -> KeptClaim:
        """The claim as its first request made it; this one if none did."""
        call = _CLAIM.call([key], wanted.write(), KEPT_S, int(self._renews))
        return KeptClaim.read(await self._redis.one(*call))

    async def keep(self, key: str, claim: KeptClaim) -> KeptClaim:
        """Store the answer with its claim. Answers what is kept: another send of the request may
        have been faster. A claim that was made anew meanwhile has nothing to do with this one."""
        unanswered = replace(claim, answer=None).write()
        seconds = KEPT_S if self._renews else ""
        kept = await self._redis.one(*_KEEP.call([key], unanswered, claim.write(), seconds))
        stands = KeptClaim.read(kept)
        return stands if stands.nonce == claim.nonce else claim
