"""Where a breadth-first walk has been, and the way to every node that it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.domain.memory import Memory
from memory.ports.edges import Adjacent, Expansion
from memory.query.views import Snapshot

# Nodes that one walk may see.
MOST_SEEN = 20_000
# Edges that one walk may look at. A dense graph has many more edges than nodes.
MOST_EDGES = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """A walk along one edge, away from `node`."""

    node: str
    edge: Adjacent


class Frontier:
    """The state of one walk that sets out from `start`.

    `waiting` are the nodes of the next level, `level` is the depth of the last level walked, and
    `arrived` are the nodes that the snapshot shows, by id. `cut` is True if a cap kept the walk
    from seeing everything.
    """

    def __init__(self, start: str) -> None:
        self.waiting: list[str] = [start]
        self.level = -1
        self.arrived: dict[str, Memory] = {}
        self.cut = False
        self._steps: dict[str, Step | None] = {start: None}
        self._edges = 0

    def next_level(self) -> list[str]:
        """Go one level deeper; returns the nodes of it."""
        level, self.waiting = self.waiting, []
        self.level += 1
        return level

    def arrive(self, trip: Sequence[str], expansion: Expansion, snapshot: Snapshot) -> list[Memory]:
        """The nodes of a trip that the snapshot shows. Their neighbours wait for the next level."""
        self.cut |= expansion.cut
        shown = []
        for node in trip:
            memory = expansion.memories.get(node)
            if memory is not None and snapshot.shows(memory):
                shown.append(memory)
                self.arrived[node] = memory
                self._see(node, expansion.adjacent.get(node, ()))
        return shown

    def way(self, node: str) -> list[Step]:
        """The steps from the start to a node."""
        steps = []
        while step := self._steps[node]:
            steps.append(step)
            node = step.node
        return steps[::-1]

    def _see(self, node: str, adjacent: Sequence[Adjacent]) -> None:
        """Note the neighbours of a node. The first way to a node is a shortest one, so it stays."""
        self._edges += len(adjacent)
        for edge in adjacent:
            if edge.other in self._steps:
                continue
            if len(self._steps) >= MOST_SEEN or self._edges > MOST_EDGES:
                self.cut = True
                return
            self._steps[edge.other] = Step(node, edge)
            self.waiting.append(edge.other)
