"""Whether the record fits together, owner by owner. Scripts look and mend in one step, so a write
that is under way is never taken for a fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph_store.format import keys, layout
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Connection
from graph_store.redis.scripts import script
from memory.domain import clock
from memory.domain.batched import batched
from memory.ports.maintenance import Fault

_MEMBERS_A_CALL = 200
_PLACES = script("maintenance/places")
_EDGES = script("maintenance/edges")


class RedisConsistency:
    """Finds faults of owners, and mends them."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def unsound(self, slot: str, memory_ids: Sequence[str], mend: bool) -> list[Fault]:
        if not memory_ids:
            return []
        owner, flag = OwnerKeys(slot), str(int(mend))
        sets = [(side, memory_id) for memory_id in memory_ids for side in layout.SIDES]
        gone, *members = await self._redis.run(
            _PLACES.call(
                [owner.listing, owner.bounded, owner.successors], flag, owner.prefix, *memory_ids
            ),
            *(("ZRANGE", owner.key(*place), 0, -1) for place in sets),
        )
        calls = [
            _EDGES.call([owner.key(*place)], flag, owner.prefix, *place, *part)
            for place, found in zip(sets, members, strict=True)
            for part in batched(found, _MEMBERS_A_CALL)
        ]
        faults = [Fault("places_without_record", memory_id) for memory_id in gone]
        for pairs in await self._redis.run(*calls) if calls else []:
            faults += [Fault(kind, edge_id) for kind, edge_id in batched(pairs, 2)]
        return faults

    async def unmarked(self, slots: Sequence[str], mend: bool) -> list[str]:
        waiting = await self._waiting(slots)
        again = await self._waiting(list(waiting))
        found = [slot for slot in again if waiting[slot] & again[slot]]
        if mend and found:
            now = clock.now()
            await self._redis.run(*(layout.dirty_mark(slot, now) for slot in found))
        return found

    async def _waiting(self, slots: Sequence[str]) -> dict[str, set[str]]:
        """Of owners without a mark what is in their outbox."""
        if not slots:
            return {}
        boxes = await self._redis.run(*(("HKEYS", OwnerKeys(slot).outbox) for slot in slots))
        filled = {slot: set(box) for slot, box in zip(slots, boxes, strict=True) if box}
        if not filled:
            return {}
        marks: list[Any] = await self._redis.run(
            *(("ZSCORE", keys.dirty(slot), slot) for slot in filled)
        )
        return {
            slot: box
            for (slot, box), mark in zip(filled.items(), marks, strict=True)
            if mark is None
        }
