"""Reads adjacency sets page by page until enough edges are visible, or the work cap is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from graph_store.connection import Command
from graph_store.keys import OwnerKeys
from graph_store.packing import stamp
from graph_store.ranges import ranges
from memory.ports import Adjacent, Reach
from memory.view import Direction

WORK_CAP = 20_000
"""Members read of one set at most; a set of more that are all out of sight reads as cut."""
_SIDES = {
    Direction.OUT: (("o", True),),
    Direction.IN: (("i", False),),
    Direction.BOTH: (("o", True), ("i", False)),
}


@dataclass(slots=True)
class _Set:
    """One adjacency set on its way to `limit` visible members; `rows` holds their parts."""

    key: str
    retracted: bool
    offset: int = 0
    done: bool = False
    rows: list[Sequence[str]] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """Alternate `commands` and `take` until there are no more commands, then see `found`.

    Of the live edges the score is valid_to, of the retracted ones retracted_at: a range by score
    skips what has ended by then, or was retracted by then, without reading it.
    """

    owner: OwnerKeys
    memory_ids: Sequence[str]
    reach: Reach
    cut: bool = False
    _sides: dict[tuple[str, bool], list[_Set]] = field(default_factory=dict)
    _reads: dict[tuple[bool, int], list[_Set]] = field(default_factory=dict)
    _as_of: str = ""
    _known_at: str = ""

    def __post_init__(self) -> None:
        world = self.reach.world
        self._as_of, self._known_at = stamp(world.as_of), stamp(world.known_at)
        past = world.known_at is not None
        for memory_id in self.memory_ids:
            for side, outgoing in _SIDES[self.reach.direction]:
                sets = [_Set(self.owner.key(side, memory_id), retracted=False)]
                if past:
                    sets.append(_Set(self.owner.key(f"x{side}", memory_id), retracted=True))
                self._sides[memory_id, outgoing] = sets

    def commands(self) -> list[Command]:
        """One for all sets that are read alike."""
        self._reads = {}
        for sets in self._sides.values():
            for each in sets:
                if not each.done:
                    self._reads.setdefault((each.retracted, each.offset), []).append(each)
        return [
            ranges(
                [each.key for each in sets], *self._range(retracted), "LIMIT", offset, self._page()
            )
            for (retracted, offset), sets in self._reads.items()
        ]

    def _range(self, retracted: bool) -> tuple[str, ...]:
        world = self.reach.world
        if retracted:
            return (f"({world.known_at}", "+inf", "BYSCORE")
        return ("+inf", f"({world.as_of}", "BYSCORE", "REV")

    def take(self, answers: Iterable[Sequence[Sequence[str]]]) -> None:
        for sets, answer in zip(self._reads.values(), answers, strict=True):
            for each, members in zip(sets, answer, strict=True):
                self._take(each, members)

    def _take(self, each: _Set, members: Sequence[str]) -> None:
        each.offset += len(members)
        for member in members:
            row = member.split("|")
            if not self._visible(row):
                continue
            if len(each.rows) == self.reach.limit:
                self.cut = each.done = True
                return
            each.rows.append(row)
        if len(members) < self._page():
            each.done = True
        elif each.offset >= WORK_CAP:
            self.cut = each.done = True

    def found(self) -> dict[str, list[Adjacent]]:
        """Visible edges by memory, outgoing ones first."""
        found: dict[str, list[Adjacent]] = {memory_id: [] for memory_id in self.memory_ids}
        for (memory_id, outgoing), sets in self._sides.items():
            found[memory_id] += [
                Adjacent(edge_id, relation, other, outgoing)
                for _, _, _, relation, other, edge_id in self._merged(sets)
            ]
        return found

    def _merged(self, sets: Sequence[_Set]) -> list[Sequence[str]]:
        """Live and retracted edges in the order of the live ones: by valid_to, then by member."""
        rows = [row for each in sets for row in each.rows]
        if len(sets) > 1:
            rows.sort(key=lambda row: (row[1], row), reverse=True)
            self.cut |= len(rows) > self.reach.limit
        return rows[: self.reach.limit]

    def _page(self) -> int:
        """One more than asked for tells whether there are more."""
        return min(self.reach.limit + 1, WORK_CAP)

    def _visible(self, row: Sequence[str]) -> bool:
        """Stamps compare as text."""
        valid_from, valid_to, recorded_at, relation, _, _ = row
        return (
            valid_from <= self._as_of < valid_to
            and recorded_at <= self._known_at
            and (not self.reach.relations or relation in self.reach.relations)
        )
