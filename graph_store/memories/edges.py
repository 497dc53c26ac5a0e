"""Reads the edges of nodes as a snapshot shows them: adjacent.lua's calls and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph_store.format.keys import OwnerKeys
from graph_store.format.packing import score, stamp
from graph_store.memories.snapshot_args import snapshot_arguments
from graph_store.redis.connection import Command
from graph_store.redis.scripts import script
from memory.ports.edges import Adjacent, Reach
from memory.query.views import Direction

WORK_CAP = 20_000
"""Members read of one set at most; a set of more that are all out of sight reads as cut."""
SHARE = 20_000
"""Members that one call reads before it leaves the other sets to the next: Redis serves everybody,
and looks through some two million members a second."""
_ADJACENT = script("snapshot", "adjacent")
_SIDES = {
    Direction.OUT: (("o", True),),
    Direction.IN: (("i", False),),
    Direction.BOTH: (("o", True), ("i", False)),
}


@dataclass(slots=True)
class AdjacencyRead:
    """`take` the answer to each `command` until it is `done`; then `found` has the edges by memory,
    outgoing ones first, and `cut` tells that a set held more than was read."""

    owner: OwnerKeys
    memory_ids: Sequence[str]
    reach: Reach
    cut: bool = False
    found: dict[str, list[Adjacent]] = field(default_factory=dict)
    _sets: list[tuple[str, str, bool]] = field(default_factory=list)
    _taken: int = 0

    def __post_init__(self) -> None:
        self.found = {memory_id: [] for memory_id in self.memory_ids}
        self._sets = [
            (memory_id, side, outgoing)
            for memory_id in self.memory_ids
            for side, outgoing in _SIDES[self.reach.direction]
        ]

    @property
    def done(self) -> bool:
        return self._taken == len(self._sets)

    def command(self) -> Command:
        reach = self.reach
        relations = "|".join(["", *sorted(reach.relations), ""]) if reach.relations else ""
        return (
            "EVAL", _ADJACENT, 1, self.owner.key("clock"),
            *snapshot_arguments(self.owner, reach.snapshot),
            stamp(reach.snapshot.as_of), score(reach.snapshot.as_of),
            "" if reach.since is None else stamp(reach.since),
            relations, reach.limit, WORK_CAP, SHARE,
            *(f"{side}:{memory_id}" for memory_id, side, _ in self._sets[self._taken :]),
        )  # fmt: skip

    def take(self, answer: Sequence[Sequence[int | str]]) -> None:
        for cut, *members in answer:
            memory_id, _, outgoing = self._sets[self._taken]
            self._taken += 1
            self.cut |= bool(cut)
            self.found[memory_id] += [_adjacent(str(member), outgoing) for member in members]


def _adjacent(member: str, outgoing: bool) -> Adjacent:
    _, _, _, relation, other, edge_id = member.split("|")
    return Adjacent(edge_id, relation, other, outgoing)
