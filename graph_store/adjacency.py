"""Reads adjacency sets page by page until enough edges are visible, or the work cap is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph_store.connection import Command
from graph_store.keys import OwnerKeys
from graph_store.packing import unpack_member
from memory.model import Direction
from memory.ports import Adjacent, Reach

WORK_CAP = 20_000
"""Members read of one set at most; a set of more that are all out of sight reads as cut."""
_SIDES = {
    Direction.OUT: (("o", True),),
    Direction.IN: (("i", False),),
    Direction.BOTH: (("o", True), ("i", False)),
}


@dataclass(slots=True)
class _Side:
    """One adjacency set on its way to `limit` visible edges."""

    memory_id: str
    key: str
    outgoing: bool
    offset: int = 0
    taken: int = 0
    done: bool = False


@dataclass(slots=True)
class Reading:
    """Alternate `commands` and `take` until there are no more commands.

    Live edges only: retracted versions lie in sets of their own. Score is valid_to, so a range
    by score skips what has ended without reading it.
    """

    owner: OwnerKeys
    memory_ids: Sequence[str]
    reach: Reach
    cut: bool = False
    found: dict[str, list[Adjacent]] = field(default_factory=dict)
    _sides: list[_Side] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.found = {memory_id: [] for memory_id in self.memory_ids}
        self._sides = [
            _Side(memory_id, self.owner.key(side, memory_id), outgoing)
            for memory_id in self.memory_ids
            for side, outgoing in _SIDES[self.reach.direction]
        ]

    def commands(self) -> list[Command]:
        self._sides = [side for side in self._sides if not side.done]
        size = self._page()
        return [
            ("ZRANGE", side.key, "+inf", f"({self.reach.at}", "BYSCORE", "REV",
             "LIMIT", side.offset, size)
            for side in self._sides
        ]  # fmt: skip

    def take(self, answers: Sequence[Sequence[str]]) -> None:
        size = self._page()
        for side, rows in zip(self._sides, answers, strict=True):
            side.offset += len(rows)
            for row in rows:
                edge = unpack_member(row, side.outgoing)
                if not self._visible(edge):
                    continue
                if side.taken == self.reach.limit:
                    self.cut = side.done = True
                    break
                self.found[side.memory_id].append(edge)
                side.taken += 1
            if len(rows) < size:
                side.done = True
            elif side.offset >= WORK_CAP and not side.done:
                self.cut = side.done = True

    def _page(self) -> int:
        """One more than asked for tells whether there are more."""
        return min(self.reach.limit + 1, WORK_CAP)

    def _visible(self, edge: Adjacent) -> bool:
        return edge.valid_from <= self.reach.at and (
            not self.reach.relations or edge.relation in self.reach.relations
        )
