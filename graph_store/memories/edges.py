"""Reads edges: by id, and those of nodes as a snapshot shows them (adjacent.lua)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph_store.format import packing
from graph_store.format.keys import KeyKind, OwnerKeys
from graph_store.format.packing import score, stamp
from graph_store.memories import versions
from graph_store.memories.snapshot_args import snapshot_arguments
from graph_store.redis.connection import Command, Connection
from graph_store.redis.scripts import script
from memory.domain.memory import Edge
from memory.ports.edges import Adjacent, Expansion, Reach
from memory.query.views import Direction

# Members read of one set at most; a set of more that are all out of sight reads as cut.
WORK_CAP = 20_000
# Members that one call reads before it leaves the other sets to the next: Redis serves everybody,
# and looks through some two million members a second.
SHARE = 20_000
_ADJACENT = script("lib/snapshot", "memories/adjacent")
_SIDES = {
    Direction.OUT: (KeyKind.OUTGOING,),
    Direction.IN: (KeyKind.INCOMING,),
    Direction.BOTH: (KeyKind.OUTGOING, KeyKind.INCOMING),
}


class RedisEdges:
    """Edges of an owner."""

    def __init__(self, redis: Connection) -> None:
        self._redis = redis

    async def expand(
        self, slot: str, memory_ids: Sequence[str], reach: Reach, memories: bool = True
    ) -> Expansion:
        owner, known_at = OwnerKeys(slot), reach.snapshot.known_at
        edges = AdjacencyRead(owner, memory_ids, reach)
        first = versions.memory_commands(owner, memory_ids, known_at) if memories else []
        *answers, adjacent = await self._redis.run(*first, edges.command())
        nodes = versions.take_memories(memory_ids, iter(answers), known_at) if memories else {}
        edges.take(adjacent)
        while not edges.done:
            edges.take(await self._redis.one(*edges.command()))
        return Expansion(nodes, edges.found, edges.cut)

    async def read(
        self, slot: str, edge_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Edge]:
        if not edge_ids:
            return {}
        commands = versions.edge_commands(OwnerKeys(slot), edge_ids, known_at)
        return versions.take_edges(edge_ids, iter(await self._redis.run(*commands)), known_at)


@dataclass(slots=True)
class AdjacencyRead:
    """`take` the answer to each `command` until it is `done`; then `found` has the edges by memory,
    outgoing ones first, and `cut` tells that a set held more than was read."""

    owner: OwnerKeys
    memory_ids: Sequence[str]
    reach: Reach
    cut: bool = False
    found: dict[str, list[Adjacent]] = field(default_factory=dict)
    _sets: list[tuple[KeyKind, str]] = field(default_factory=list)
    _taken: int = 0

    def __post_init__(self) -> None:
        self.found = {memory_id: [] for memory_id in self.memory_ids}
        self._sets = [
            (side, memory_id)
            for memory_id in self.memory_ids
            for side in _SIDES[self.reach.direction]
        ]

    @property
    def done(self) -> bool:
        return self._taken == len(self._sets)

    def command(self) -> Command:
        reach = self.reach
        relations = "|".join(["", *sorted(reach.relations), ""]) if reach.relations else ""
        return _ADJACENT.call(
            [self.owner.clock],
            *snapshot_arguments(self.owner, reach.snapshot),
            stamp(reach.snapshot.as_of), score(reach.snapshot.as_of),
            "" if reach.since is None else stamp(reach.since),
            relations, reach.limit, WORK_CAP, SHARE,
            *(part for adjacency in self._sets[self._taken :] for part in adjacency),
        )  # fmt: skip

    def take(self, answer: Sequence[Sequence[int | str]]) -> None:
        for cut, *members in answer:
            side, memory_id = self._sets[self._taken]
            self._taken += 1
            self.cut |= bool(cut)
            self.found[memory_id] += [_adjacent(str(member), side) for member in members]


def _adjacent(text: str, side: KeyKind) -> Adjacent:
    member = packing.unpack_member(text)
    return Adjacent(member.edge_id, member.relation, member.other, side is KeyKind.OUTGOING)
