"""The record as a whole: memories and edges with every version, read and put back."""

from __future__ import annotations

from collections.abc import Sequence

from graph_store.backup.restore import restore_call
from graph_store.format import layout, packing
from graph_store.format.keys import KeyKind, OwnerKeys
from graph_store.memories import versions
from graph_store.redis.connection import Connection
from graph_store.redis.replies import names
from memory.domain import dedup
from memory.domain.memory import Memory, Owner
from memory.domain.records import EdgeRecord, Landing, Leaving, MemoryRecord, Record

_EDGES_A_SCAN = 500
# The letter that a place to begin at has, and the set it is in. Live edges come first: one that is
# retracted meanwhile is then met among the retracted.
_LEAVING = {"o": KeyKind.OUTGOING, "x": KeyKind.RETRACTED_OUTGOING}


class RedisArchive:
    """Records of one owner."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def memory_records(self, slot: str, memory_ids: Sequence[str]) -> list[MemoryRecord]:
        owner = OwnerKeys(slot)
        records: dict[str, MemoryRecord] = {}
        seen: dict[str, int] = {}
        waiting = list(memory_ids)
        while waiting:
            found = await versions.whole_memories(self._redis, owner, waiting)
            holders = await self._holders(owner, [memories[-1] for memories in found.values()])
            for memory_id, memories in found.items():
                # The claim moves with a correction, so who seems to hold none is looked at again.
                if memory_id in holders or seen.get(memory_id) == memories[-1].version:
                    records[memory_id] = MemoryRecord(memories, memory_id in holders)
            seen = {memory_id: memories[-1].version for memory_id, memories in found.items()}
            waiting = [memory_id for memory_id in found if memory_id not in records]
        return [records[memory_id] for memory_id in memory_ids if memory_id in records]

    async def edge_records(
        self, slot: str, owner: Owner, edge_ids: Sequence[str]
    ) -> list[EdgeRecord]:
        found = await versions.whole_edges(self._redis, OwnerKeys(slot), edge_ids)
        return [EdgeRecord(owner, edges) for edges in found.values()]

    async def leaving(self, slot: str, places: Sequence[tuple[str, str | None]]) -> list[Leaving]:
        owner = OwnerKeys(slot)
        asked = [
            (index, letter, "0" if begin is None or letter != begin[0] else begin[1:])
            for index, (_, begin) in enumerate(places)
            for letter in _LEAVING
            if not (begin and begin[0] == "x" and letter == "o")
        ]
        answers = await self._redis.run(
            *(
                ("ZSCAN", owner.key(_LEAVING[letter], places[index][0]), at,
                 "COUNT", _EDGES_A_SCAN)
                for index, letter, at in asked
            )
        )  # fmt: skip
        edges: list[list[tuple[str, int]]] = [[] for _ in places]
        more: list[str | None] = [None for _ in places]
        for (index, letter, _), (following, rows) in zip(asked, answers, strict=True):
            if more[index] is not None:
                continue  # live edges are left: the retracted ones are scanned after them
            edges[index] += map(_met, names(rows))
            if int(following):
                more[index] = f"{letter}{int(following)}"
        return [Leaving(tuple(edges[index]), more[index]) for index in range(len(places))]

    async def restore(self, slot: str, now: int, records: Sequence[Record]) -> list[Landing]:
        calls = [restore_call(slot, record) for record in records]
        _, *landings = await self._redis.run(layout.dirty_mark(slot, now), *calls)
        return [*map(Landing, landings)]

    async def _holders(self, owner: OwnerKeys, memories: Sequence[Memory]) -> set[str]:
        """Those that hold the claim of their content."""
        if not memories:
            return set()
        fields = [dedup.key_of(memory).field for memory in memories]
        texts = await self._redis.one("HMGET", owner.content_claims, *fields)
        return {
            memory.id
            for memory, text in zip(memories, texts, strict=True)
            if any(holding.id == memory.id for holding in packing.unpack_holdings(text))
        }


def _met(text: str) -> tuple[str, int]:
    """Edge id and record time of a version, from its member in an adjacency set."""
    member = packing.unpack_member(text)
    return member.edge_id, packing.unstamp(member.recorded_at) or 0
