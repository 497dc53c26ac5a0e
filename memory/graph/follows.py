"""FOLLOWS: consecutive memories of a session, derived from their record order and never stored.

Neighbours are the nearest ones that the world shows, so an erase or an end heals by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from memory.context.stores import Stores
from memory.domain.ids import split_slot
from memory.domain.memory import FOLLOWS, Edge, Memory, Scope
from memory.ports.graph_store import Adjacent, Cursor
from memory.query.views import Direction, Snapshot

_FIRST_LOOK, _LONGEST_LOOK = 4, 256


class Following(Stores):
    async def _follows(
        self,
        slot: str,
        memories: Iterable[Memory],
        direction: Direction,
        snapshot: Snapshot,
        scope: Scope | None = None,
    ) -> dict[str, list[Adjacent]]:
        """Derived edges of an owner's memories by id, later -FOLLOWS-> earlier. With a scope,
        only its memories are in the sequence."""
        edges: dict[str, list[Adjacent]] = {}
        if not self._settings.graph.follows:
            return edges
        members = [each for each in memories if each.scope.session_id]
        for outgoing, side in ((True, Direction.OUT), (False, Direction.IN)):
            if direction not in (side, Direction.BOTH):
                continue
            nearest = await self._nearest(slot, members, not outgoing, snapshot, scope)
            for memory in members:
                if other := nearest.get(memory.id):
                    edge = derived(memory, other, outgoing)
                    edges.setdefault(memory.id, []).append(edge)
        return edges

    async def _nearest(
        self,
        slot: str,
        memories: Iterable[Memory],
        later: bool,
        snapshot: Snapshot,
        scope: Scope | None,
    ) -> dict[str, Memory]:
        """For each memory the nearest one of its session that is shown, before or after it."""
        nearest: dict[str, Memory] = {}
        waiting = {
            each.id: (each.scope.session_id or "", Cursor(each.created_at, each.id))
            for each in memories
        }
        look = _FIRST_LOOK
        while waiting:
            rows = await self._graph.session_neighbours(slot, [*waiting.values()], later, look)
            ids = [place.memory_id for row in rows for place in row]
            known = await self._graph.read(split_slot(slot)[0], ids, snapshot.known_at)
            for memory_id, row in zip(list(waiting), rows, strict=True):
                there = (known.get(place.memory_id) for place in row)
                shown = (
                    each
                    for each in there
                    if each and snapshot.shows(each) and (scope is None or scope.covers(each.scope))
                )
                if found := next(shown, None):
                    nearest[memory_id] = found
                if found or len(row) < look:
                    del waiting[memory_id]
                else:
                    waiting[memory_id] = (waiting[memory_id][0], row[-1])
            look = min(4 * look, _LONGEST_LOOK)
        return nearest


def derived(memory: Memory, other: Memory, outgoing: bool) -> Adjacent:
    """The edge between neighbours of a session; outgoing where `other` is the earlier one."""
    later, earlier = (memory, other) if outgoing else (other, memory)
    edge = Edge(
        id="",
        source=later.id,
        target=earlier.id,
        relation=FOLLOWS,
        valid_from=max(later.valid_from, earlier.valid_from),
        recorded_at=later.created_at,
        created_at=later.created_at,
    )
    return Adjacent(edge.id, FOLLOWS, other.id, outgoing, derived=edge)
