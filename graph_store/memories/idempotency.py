"""Commits, each operation once, and the claims that Idempotency-Keys stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.memories.commit import script_call
from graph_store.redis.connection import Connection
from memory.domain.idempotency import Commit, Operation
from memory.domain.transaction import EraseMemory, PutMemory, Transaction

CLAIM_S = 25 * 3600
"""A claim outlives the answers it guards (committing.ANSWER_S)."""

_KEEP = """#!lua
-- KEYS: claim, ARGV: the claim without an answer, with one, seconds. The first answer stands.
local stands = redis.call('GET', KEYS[1])
if stands and stands ~= ARGV[1] then return stands end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return ARGV[2]"""


class RedisOperations:
    """See memory.ports.graph_store.GraphStore."""

    _redis: Connection

    async def commit(self, transactions: Sequence[Transaction]) -> list[Commit | None]:
        marks = {
            each.slot: ("ZADD", keys.dirty(each.slot), each.now, each.slot)
            for each in transactions
            if any(isinstance(write, PutMemory | EraseMemory) for write in each.writes)
        }
        answers = await self._redis.run(*marks.values(), *map(script_call, transactions))
        return [
            packing.unpack_commit(*kept) if done else None for done, *kept in answers[len(marks) :]
        ]

    async def committed(self, operations: Sequence[tuple[str, str]]) -> list[Commit | None]:
        answers = await self._redis.run(
            *(("GET", OwnerKeys(slot).operation(each)) for slot, each in operations)
        )
        return [None if kept is None else packing.unpack_commit(kept) for kept in answers]

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
        kept = await self._redis.one("EVAL", _KEEP, 1, key, *claims, CLAIM_S)
        stands = packing.unpack_claim(operation.id, kept)
        # Another nonce: the key was used anew meanwhile, and that has nothing to do with this.
        return stands if stands.nonce == operation.nonce else operation
