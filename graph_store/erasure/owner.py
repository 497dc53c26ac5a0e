"""Erases owners' memories and what hangs on them, and counts what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command, Connection
from graph_store.redis.scripts import script
from memory.domain import dedup
from memory.domain.batched import batched
from memory.domain.erasures import Belongings, Order
from memory.domain.ids import split_slot
from memory.domain.memory import Memory

_ERASE = script("owner", "erase")
_SIDES = ("o", "i", "xo", "xi")
_OPERATIONS_A_TRIP = 500

_EFFACE = (
    script("owner")
    + """
-- KEYS: clock, tally, event stream. Only for an owner that there was. Returns the record time of
-- the one event that is left.
local clock, tally, stream = KEYS[1], KEYS[2], KEYS[3]
if redis.call('EXISTS', clock) == 0 then return false end
local length = redis.call('XLEN', stream)
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
local told = first and first[2][2] == 'ERASE'
if told and length == 1 then return string.match(first[1], '%d+') end
redis.call('HINCRBY', tally, 'events', told and length - 1 or length)
local now = record_time(clock)
redis.call('SET', clock, now)
-- Trimmed, not deleted: the stream then still knows that it has held more.
redis.call('XTRIM', stream, 'MAXLEN', 0)
redis.call('XADD', stream, now .. '-0', 'e', 'ERASE', 'm', '', 'v', '0')
return now"""
)

_EVENTS = """#!lua flags=no-writes
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local told = first and first[2][2] == 'ERASE'
return redis.call('XLEN', KEYS[1]) - (told and 1 or 0)"""

_FORGET = """#!lua
-- KEYS: operations, ARGV: the record time up to which their answers go. Without its answer an
-- operation still counts as done: sent again, it must not bring back what was erased.
for _, key in ipairs(KEYS) do
  local at = string.match(redis.call('GET', key) or '', '^%d+')
  if at and at <= ARGV[1] then redis.call('SET', key, at .. ' {"id":""}', 'KEEPTTL') end
end"""


def tally(slot: str, erasure_id: str) -> str:
    return OwnerKeys(slot).key("er", erasure_id)


class RedisErasing:
    """See memory.domain.erasures.ErasureRecord, as far as it is about one owner."""

    _redis: Connection

    async def expunge(
        self,
        slot: str,
        order: Order,
        now: int,
        memories: Sequence[Memory],
        points: Mapping[str, int],
    ) -> list[str]:
        mark = ("ZADD", keys.dirty(slot), now, slot)
        calls = [_erase(slot, order, each, points.get(each.id, 0)) for each in memories]
        _, *answers = await self._redis.run(mark, *calls)
        return [each.id for each, gone in zip(memories, answers, strict=True) if gone]

    async def efface(self, slot: str, order: Order) -> None:
        owner = OwnerKeys(slot)
        at = await self._redis.one(
            "EVAL", _EFFACE, 3, owner.key("clock"), tally(slot, order.id), owner.key("ev")
        )
        if at is None:
            return
        found = await self._redis.one("ZRANGE", owner.key("ops"), "-inf", at, "BYSCORE")
        for part in batched(found, _OPERATIONS_A_TRIP):
            await self._redis.one("EVAL", _FORGET, len(part), *part, at)

    async def count_points(self, slot: str, order: Order, points: int) -> None:
        await self._redis.one("HINCRBY", tally(slot, order.id), "index_points", points)

    async def belongings(self, slot: str, memories: Sequence[Memory]) -> Belongings:
        owner = OwnerKeys(slot)
        commands: list[Command] = []
        for each in memories:
            commands += [("ZRANGE", owner.key(side, each.id), 0, -1) for side in _SIDES]
            commands += [
                ("HKEYS", owner.key("rc", each.id)),
                ("HGET", owner.key("c"), dedup.key_of(each).field),
                ("ZCARD", owner.key("mv", each.id)),
            ]
        answers = iter(await self._redis.run(*commands))
        edges: set[str] = set()
        held: set[tuple[str, str]] = set()
        asked: set[tuple[str, str]] = set()
        versions = 0
        for each in memories:
            for side in _SIDES:
                for member in next(answers):
                    *_, relation, other, edge_id = member.split("|")
                    edges.add(edge_id)
                    if side.endswith("i"):
                        asked.add((other, f"{relation}|{each.id}"))
            held |= {(each.id, field) for field in next(answers)}
            if any(holder.id == each.id for holder in packing.unpack_holdings(next(answers))):
                held.add((each.id, ""))
            versions += 1 + int(next(answers))
        far = sorted(asked - held)
        there = await self._redis.run(
            *(("HEXISTS", owner.key("rc", source), field) for source, field in far)
        )
        held |= {claim for claim, exists in zip(far, there, strict=True) if int(exists)}
        return Belongings(versions, frozenset(edges), frozenset(held))

    async def events_kept(self, slot: str) -> int:
        return int(await self._redis.one("EVAL", _EVENTS, 1, OwnerKeys(slot).key("ev")))

    async def names_of(self, slot: str) -> set[tuple[str, str]]:
        rows = await self._redis.one("SMEMBERS", OwnerKeys(slot).key("by"))
        return {(field, value) for field, _, value in (row.partition(":") for row in rows)}

    async def unregister(self, slot: str, names: set[tuple[str, str]]) -> None:
        if not names:
            return
        project_id, owner_hash = split_slot(slot)
        await self._redis.run(
            *(
                ("SREM", keys.named(project_id, field, value), owner_hash)
                for field, value in sorted(names)
            )
        )
        # Afterwards, so that a crash leaves what is still to be done.
        rows = [f"{field}:{value}" for field, value in sorted(names)]
        await self._redis.one("SREM", OwnerKeys(slot).key("by"), *rows)


def _erase(slot: str, order: Order, memory: Memory, points: int) -> Command:
    owner = OwnerKeys(slot)
    session_id = memory.scope.session_id
    told = split_slot(slot)[1] != order.owner_hash
    return (
        "EVAL", _ERASE, 2, owner.key("clock"), tally(slot, order.id), owner.key(""),
        memory.id, packing.head(memory), dedup.key_of(memory).field,
        owner.session(session_id) if session_id else "",
        points, str(int(told)), memory.version, *memory.supersedes,
    )  # fmt: skip
