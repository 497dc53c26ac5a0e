"""The idempotency claims: what an Idempotency-Key was first sent with, and what was answered."""

from __future__ import annotations

from dataclasses import replace

from graph_store.format import keys, packing
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import inline
from memory.domain.idempotency import Operation

# A claim outlives the answers it guards (commit.ANSWER_S).
CLAIM_S = 25 * 3600

_KEEP = inline("""#!lua
-- KEYS: claim, ARGV: the claim without an answer, with one, seconds. The first answer stands.
local stands = redis.call('GET', KEYS[1])
if stands and stands ~= ARGV[1] then return stands end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return ARGV[2]""")


class RedisIdempotency:
    """Idempotency claims of a project."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def claim(self, project_id: str, operation: Operation) -> Operation:
        key = keys.once(project_id, operation.id)
        _, first, _ = await self._redis.run(
            ("SET", key, packing.pack_claim(operation), "NX", "EX", CLAIM_S),
            ("GET", key),
            ("EXPIRE", key, CLAIM_S),
        )
        return packing.unpack_claim(operation.id, first)

    async def keep(self, project_id: str, operation: Operation) -> Operation:
        key = keys.once(project_id, operation.id)
        claims = (packing.pack_claim(replace(operation, kept=None)), packing.pack_claim(operation))
        kept = await self._redis.one(*_KEEP.call([key], *claims, CLAIM_S))
        stands = packing.unpack_claim(operation.id, kept)
        # Another nonce: the key was used anew meanwhile, and that has nothing to do with this.
        return stands if stands.nonce == operation.nonce else operation
