"""The record as a whole: read by scanning the keys themselves, so that nothing can be missed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from graph_store.backup import restore
from graph_store.backup.global_entries import RedisEntries
from graph_store.format import keys, packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command, Connection
from graph_store.redis.replies import names
from memory.domain import dedup
from memory.domain.memory import Memory, Owner
from memory.domain.records import EdgeRecord, Landing, Leaving, MemoryRecord, Record

_EDGES_A_SCAN = 500

_WHOLE = """#!lua flags=no-writes
-- KEYS: of each thing its last version and the set of those before it.
local found = {}
for index = 1, #KEYS, 2 do
  found[#found + 1] = {
    redis.call('GET', KEYS[index]) or '', redis.call('ZRANGE', KEYS[index + 1], 0, -1)}
end
return found"""


class RedisArchive(RedisEntries):
    """See memory.domain.records.Archive."""

    _redis: Connection

    async def slots(self, project_id: str | None = None) -> AsyncIterator[str]:
        seen: set[str] = set()
        async for key in self._redis.scan(keys.indexes(project_id)):
            slot = keys.slot_of(key)
            if slot and slot not in seen:
                seen.add(slot)
                yield slot

    async def memory_records(self, slot: str, memory_ids: Sequence[str]) -> list[MemoryRecord]:
        owner = OwnerKeys(slot)
        records: dict[str, MemoryRecord] = {}
        seen: dict[str, int] = {}
        waiting = list(memory_ids)
        while waiting:
            whole = await self._whole(owner, "m", "mv", waiting)
            found = {
                each: tuple(packing.unpack_memory(each, text) for text in versions)
                for each, versions in whole.items()
            }
            holders = await self._holders(owner, [each[-1] for each in found.values()])
            for each, versions in found.items():
                # The claim moves with a correction, so who seems to hold none is looked at again.
                if each in holders or seen.get(each) == versions[-1].version:
                    records[each] = MemoryRecord(versions, each in holders)
            seen = {each: versions[-1].version for each, versions in found.items()}
            waiting = [each for each in found if each not in records]
        return [records[each] for each in memory_ids if each in records]

    async def edge_records(
        self, slot: str, owner: Owner, edge_ids: Sequence[str]
    ) -> list[EdgeRecord]:
        whole = await self._whole(OwnerKeys(slot), "e", "ev", edge_ids)
        return [
            EdgeRecord(owner, tuple(packing.unpack_edge(each, text) for text in versions))
            for each, versions in whole.items()
        ]

    async def leaving(self, slot: str, places: Sequence[tuple[str, str | None]]) -> list[Leaving]:
        # Live edges first: one that is retracted meanwhile is then met among the retracted.
        owner = OwnerKeys(slot)
        asked = [
            (index, side, "0" if begin is None or side != begin[0] else begin[1:])
            for index, (_, begin) in enumerate(places)
            for side in ("o", "x")
            if not (begin and begin[0] == "x" and side == "o")
        ]
        sides = {"o": "o", "x": "xo"}
        answers = await self._redis.run(
            *(
                ("ZSCAN", owner.key(sides[side], places[index][0]), at, "COUNT", _EDGES_A_SCAN)
                for index, side, at in asked
            )
        )
        edges: list[list[tuple[str, int]]] = [[] for _ in places]
        more: list[str | None] = [None for _ in places]
        for (index, side, _), (following, rows) in zip(asked, answers, strict=True):
            if more[index] is not None:
                continue  # live edges are left: the retracted ones are scanned after them
            edges[index] += map(_met, names(rows))
            if int(following):
                more[index] = f"{side}{int(following)}"
        return [Leaving(tuple(edges[index]), more[index]) for index in range(len(places))]

    async def restore(self, slot: str, now: int, records: Sequence[Record]) -> list[Landing]:
        mark = ("ZADD", keys.dirty(slot), now, slot)
        calls = [restore.script_call(slot, each) for each in records]
        _, *landings = await self._redis.run(mark, *calls)
        return [*map(Landing, landings)]

    async def _whole(
        self, owner: OwnerKeys, last: str, earlier: str, ids: Sequence[str]
    ) -> dict[str, list[str]]:
        """Of each that is there its packed versions, oldest first, as of one instant."""
        if not ids:
            return {}
        places = [owner.key(kind, each) for each in ids for kind in (last, earlier)]
        rows = await self._redis.one("EVAL", _WHOLE, len(places), *places)
        return {
            each: [*before, text] for each, (text, before) in zip(ids, rows, strict=True) if text
        }

    async def _holders(self, owner: OwnerKeys, memories: Sequence[Memory]) -> set[str]:
        """Those that hold the claim of their content."""
        if not memories:
            return set()
        fields = [dedup.key_of(each).field for each in memories]
        command: Command = ("HMGET", owner.key("c"), *fields)
        texts = await self._redis.one(*command)
        return {
            memory.id
            for memory, text in zip(memories, texts, strict=True)
            if any(each.id == memory.id for each in packing.unpack_holdings(text))
        }


def _met(member: str) -> tuple[str, int]:
    """Edge id and record time of a version, from its member in an adjacency set."""
    _, _, recorded_at, _, _, edge_id = member.split("|")
    return edge_id, packing.unstamp(recorded_at) or 0
