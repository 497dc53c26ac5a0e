"""Whether the record fits together, owner by owner. Scripts look and mend in one step, so a write
that is under way is never taken for a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from graph_store.backup.scan import RedisArchive
from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command
from graph_store.redis.replies import names
from memory.domain import clock
from memory.domain.batched import batched
from memory.domain.memory import Memory
from memory.ports.maintenance import Fault

_MEMBERS_A_CALL = 200
_OWNERS_A_CALL = 500
_OWNERS_AT_ONCE = 8
_PLACES_A_SCAN = 1000

_LISTED = """#!lua
-- KEYS: places, bounded ones, successors. ARGV: '1' to mend, prefix of memory keys, memory ids.
local gone = {}
for index = 3, #ARGV do
  local memory = ARGV[index]
  if redis.call('EXISTS', ARGV[2] .. memory) == 0 and redis.call('ZSCORE', KEYS[1], memory) then
    table.insert(gone, memory)
    if ARGV[1] == '1' then
      redis.call('ZREM', KEYS[1], memory)
      redis.call('ZREM', KEYS[2], memory)
      redis.call('HDEL', KEYS[3], memory)
    end
  end
end
return gone"""

_EDGES = r"""#!lua
-- ARGV: '1' to mend, owner's key prefix, side, memory, members of that side's set.
-- Returns pairs of fault and edge.
local prefix, side, memory = ARGV[2], ARGV[3], ARGV[4]
local opposite = ({o = 'i', i = 'o', xo = 'xi', xi = 'xo'})[side]
local here = prefix .. side .. ':' .. memory

local function release(key, field, edge)
  local held = redis.call('HGET', key, field)
  if not held then return end
  local rest = string.gsub(held, edge .. ' [^\n]*\n', '')
  if rest == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, rest) end
end

local found = {}
for index = 5, #ARGV do
  local member = ARGV[index]
  local score = redis.call('ZSCORE', here, member)
  local times, relation, other, edge =
    string.match(member, '^([^|]*|[^|]*|[^|]*)|([^|]*)|([^|]*)|([^|]*)$')
  if score and edge then
    local there = prefix .. opposite .. ':' .. other
    local mirror = table.concat({times, relation, memory, edge}, '|')
    local ends = redis.call('EXISTS', prefix .. 'm:' .. memory, prefix .. 'm:' .. other)
    local known = redis.call('EXISTS', prefix .. 'e:' .. edge)
    local fault
    if ends < 2 then fault = 'edges_without_memory'
    elseif known == 0 then fault = 'edges_without_record'
    elseif not redis.call('ZSCORE', there, mirror) then fault = 'edges_without_mirror' end
    if fault then
      table.insert(found, fault)
      table.insert(found, edge)
      if ARGV[1] == '1' then
        if fault == 'edges_without_mirror' then redis.call('ZADD', there, score, mirror)
        else
          redis.call('ZREM', here, member)
          redis.call('ZREM', there, mirror)
          if ends < 2 then redis.call('DEL', prefix .. 'e:' .. edge, prefix .. 'ev:' .. edge) end
          local source = (side == 'o' or side == 'xo') and memory or other
          local target = source == memory and other or memory
          release(prefix .. 'rc:' .. source, relation .. '|' .. target, edge)
        end
      end
    end
  end
end
return found"""


class RedisSoundness(RedisArchive):
    """Part of memory.ports.maintenance.Keeping."""

    async def histories(
        self, project_id: str, memory_ids: Collection[str]
    ) -> dict[str, list[Memory]]:
        groups: dict[OwnerKeys, list[str]] = {}
        for memory_id in memory_ids:
            groups.setdefault(keys.of(project_id, memory_id), []).append(memory_id)
        gate = asyncio.Semaphore(_OWNERS_AT_ONCE)

        async def read(owner: OwnerKeys, ids: list[str]) -> dict[str, list[str]]:
            async with gate:
                return await self._whole(owner, "m", "mv", ids)

        wholes = await asyncio.gather(*(read(*each) for each in groups.items()))
        return {
            memory_id: [packing.unpack_memory(memory_id, text) for text in versions]
            for whole in wholes
            for memory_id, versions in whole.items()
        }

    async def listed(self, slot: str) -> list[str]:
        """By scanning: ranks would shift where something is erased meanwhile."""
        found: dict[str, None] = {}
        cursor = 0
        while True:
            key = OwnerKeys(slot).key("ix")
            cursor, rows = await self._redis.one("ZSCAN", key, cursor, "COUNT", _PLACES_A_SCAN)
            found |= dict.fromkeys(names(rows))
            if not int(cursor):
                return list(found)

    async def sizes(self, slots: Sequence[str]) -> list[int]:
        counts: list[int] = []
        for part in batched(slots, _OWNERS_A_CALL):
            counts += await self._redis.run(
                *(("ZCARD", OwnerKeys(each).key("ix")) for each in part)
            )
        return counts

    async def unsound(self, slot: str, memory_ids: Sequence[str], mend: bool) -> list[Fault]:
        if not memory_ids:
            return []
        owner, flag = OwnerKeys(slot), str(int(mend))
        sets = [(side, each) for each in memory_ids for side in ("o", "i", "xo", "xi")]
        gone, *members = await self._redis.run(
            ("EVAL", _LISTED, 3, owner.key("ix"), owner.key("bd"), owner.key("sb"),
             flag, owner.key("m", ""), *memory_ids),
            *(("ZRANGE", owner.key(*place), 0, -1) for place in sets),
        )  # fmt: skip
        calls: list[Command] = [
            ("EVAL", _EDGES, 1, owner.key(*place), flag, owner.key(""), *place, *part)
            for place, found in zip(sets, members, strict=True)
            for part in batched(found, _MEMBERS_A_CALL)
        ]
        faults = [Fault("places_without_record", each) for each in gone]
        for pairs in await self._redis.run(*calls) if calls else []:
            faults += [Fault(kind, edge_id) for kind, edge_id in batched(pairs, 2)]
        return faults

    async def unmarked(self, slots: Sequence[str], mend: bool) -> list[str]:
        waiting = await self._waiting(slots)
        again = await self._waiting(list(waiting))
        found = [each for each in again if waiting[each] & again[each]]
        if mend and found:
            now = clock.now()
            await self._redis.run(*(("ZADD", keys.dirty(each), now, each) for each in found))
        return found

    async def _waiting(self, slots: Sequence[str]) -> dict[str, set[str]]:
        """Of owners without a mark what is in their outbox."""
        if not slots:
            return {}
        boxes = await self._redis.run(*(("HKEYS", OwnerKeys(each).key("ob")) for each in slots))
        filled = {slot: set(box) for slot, box in zip(slots, boxes, strict=True) if box}
        if not filled:
            return {}
        marks: list[Any] = await self._redis.run(
            *(("ZSCORE", keys.dirty(each), each) for each in filled)
        )
        return {
            slot: box
            for (slot, box), mark in zip(filled.items(), marks, strict=True)
            if mark is None
        }
