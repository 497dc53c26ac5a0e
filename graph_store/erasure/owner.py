"""Erases owners' memories and what hangs on them, and counts what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from graph_store.events.entries import events
from graph_store.format import layout, packing
from graph_store.format.keys import KeyKind, OwnerKeys
from graph_store.redis.connection import Command, Connection
from graph_store.redis.scripts import inline, script
from memory.domain import dedup
from memory.domain.batched import batched
from memory.domain.erasures import Belongings, Order
from memory.domain.ids import split_slot
from memory.domain.memory import Memory
from memory.domain.transaction import EraseMemory

_OPERATIONS_A_TRIP = 500
_ERASE = script("lib/owner", "erasure/erase")
_EFFACE = script("lib/owner", "erasure/efface")

_EVENTS = inline("""#!lua flags=no-writes
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local told = first and first[2][2] == 'ERASE'
return redis.call('XLEN', KEYS[1]) - (told and 1 or 0)""")

_FORGET = inline("""#!lua
-- KEYS: operations, ARGV: the record time up to which their answers go. Without its answer an
-- operation still counts as done: sent again, it must not bring back what was erased.
for _, key in ipairs(KEYS) do
  local at = string.match(redis.call('GET', key) or '', '^%d+')
  if at and at <= ARGV[1] then redis.call('SET', key, at .. ' {"id":""}', 'KEEPTTL') end
end""")


class RedisOwnerErasure:
    """What an erasure does to one owner."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def expunge(
        self,
        slot: str,
        order: Order,
        now: int,
        memories: Sequence[Memory],
        points: Mapping[str, int],
    ) -> list[str]:
        calls = [_erase(slot, order, memory, points.get(memory.id, 0)) for memory in memories]
        _, *answers = await self._redis.run(layout.dirty_mark(slot, now), *calls)
        return [memory.id for memory, gone in zip(memories, answers, strict=True) if gone]

    async def efface(self, slot: str, order: Order) -> None:
        owner = OwnerKeys(slot)
        call = _EFFACE.call([owner.clock, owner.tally(order.id), owner.events])
        at = await self._redis.one(*call)
        if at is None:
            return
        found = await self._redis.one("ZRANGE", owner.operations, "-inf", at, "BYSCORE")
        for part in batched(found, _OPERATIONS_A_TRIP):
            await self._redis.one(*_FORGET.call(part, at))

    async def count_points(self, slot: str, order: Order, points: int) -> None:
        await self._redis.one("HINCRBY", OwnerKeys(slot).tally(order.id), "index_points", points)

    async def belongings(self, slot: str, memories: Sequence[Memory]) -> Belongings:
        owner = OwnerKeys(slot)
        commands: list[Command] = []
        for memory in memories:
            commands += [("ZRANGE", owner.key(side, memory.id), 0, -1) for side in layout.SIDES]
            commands += [
                ("HKEYS", owner.edge_claims(memory.id)),
                ("HGET", owner.content_claims, dedup.key_of(memory).field),
                ("ZCARD", owner.earlier_memories(memory.id)),
            ]
        answers = iter(await self._redis.run(*commands))
        edges: set[str] = set()
        held: set[tuple[str, str]] = set()
        asked: set[tuple[str, str]] = set()
        versions = 0
        for memory in memories:
            for side in layout.SIDES:
                for text in next(answers):
                    member = packing.unpack_member(text)
                    edges.add(member.edge_id)
                    if side in (KeyKind.INCOMING, KeyKind.RETRACTED_INCOMING):
                        asked.add((member.other, f"{member.relation}|{memory.id}"))
            held |= {(memory.id, field) for field in next(answers)}
            if any(holder.id == memory.id for holder in packing.unpack_holdings(next(answers))):
                held.add((memory.id, ""))
            versions += 1 + int(next(answers))
        far = sorted(asked - held)
        there = await self._redis.run(
            *(("HEXISTS", owner.edge_claims(source), field) for source, field in far)
        )
        held |= {claim for claim, exists in zip(far, there, strict=True) if int(exists)}
        return Belongings(versions, frozenset(edges), frozenset(held))

    async def events_kept(self, slot: str) -> int:
        return int(await self._redis.one(*_EVENTS.call([OwnerKeys(slot).events])))


def _erase(slot: str, order: Order, memory: Memory, points: int) -> Command:
    owner = OwnerKeys(slot)
    told = split_slot(slot)[1] != order.owner_hash
    plan = {
        "events": events([EraseMemory(memory)]) if told else [],
        "writes": [*layout.erase_memory(owner, memory)],
    }
    return _ERASE.call(
        [owner.clock, owner.tally(order.id), owner.content_claims],
        owner.prefix, memory.id, packing.head(memory), dedup.key_of(memory).field,
        points, orjson.dumps(plan).decode(),
    )  # fmt: skip
