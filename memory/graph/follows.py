"""FOLLOWS: edges between consecutive memories of a session. They are derived and never stored.

Memories of a session follow each other in the order in which they were created. A neighbour is the
nearest memory that the snapshot shows, so the sequence closes by itself after an erase or an end.
"""

from __future__ import annotations

from collections.abc import Iterable

from memory.domain.ids import split_slot
from memory.domain.memory import FOLLOWS, Edge, Memory, Scope
from memory.ports.edges import Adjacent
from memory.ports.memories import Cursor, MemoryReader
from memory.query.views import Direction, Snapshot

# Neighbours of one memory that the first and the longest trip read. It grows fourfold each time.
_FIRST_LOOK, _LONGEST_LOOK = 4, 256


class Follows:
    """Derives FOLLOWS edges. It derives none unless it is `enabled`."""

    def __init__(self, memories: MemoryReader, enabled: bool) -> None:
        self._memories, self.enabled = memories, enabled

    async def of(
        self,
        slot: str,
        memories: Iterable[Memory],
        direction: Direction,
        snapshot: Snapshot,
        scope: Scope | None = None,
    ) -> dict[str, list[Adjacent]]:
        """The derived edges of one owner's memories, by memory id: later -FOLLOWS-> earlier.

        `slot` is the owner's. If there is a scope, only its memories are in the sequence.
        """
        edges: dict[str, list[Adjacent]] = {}
        if not self.enabled:
            return edges
        members = [memory for memory in memories if memory.scope.session_id]
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
        """The nearest memory of the same session that the snapshot shows, by memory id.

        It comes after the memory if `later`, else before it. A memory without one is left out.
        """
        nearest: dict[str, Memory] = {}
        waiting = {
            memory.id: (memory.scope.session_id or "", Cursor(memory.created_at, memory.id))
            for memory in memories
        }
        look = _FIRST_LOOK
        while waiting:
            rows = await self._memories.session_neighbours(slot, [*waiting.values()], later, look)
            ids = [position.memory_id for row in rows for position in row]
            known = await self._memories.read(split_slot(slot)[0], ids, snapshot.known_at)
            for memory_id, row in zip(list(waiting), rows, strict=True):
                candidates = (known.get(position.memory_id) for position in row)
                shown = (
                    other
                    for other in candidates
                    if other
                    and snapshot.shows(other)
                    and (scope is None or scope.covers(other.scope))
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
    """The edge between two neighbours of a session. It is outgoing if `other` is the earlier."""
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
