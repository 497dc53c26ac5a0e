"""Where a breadth-first walk has been, and the way to every node it came across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.domain.memory import Memory
from memory.ports.edges import Adjacent, Expansion
from memory.query.views import Snapshot

# Nodes that one walk may come across.
MOST_SEEN = 20_000
# Edges that one walk looks at: in a dense graph they are many more than the nodes.
MOST_EDGES = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """One edge walked, away from `node`."""

    node: str
    edge: Adjacent


class Frontier:
    """`waiting` are the nodes of the next level, `level` the depth of the last one walked,
    `arrived` the nodes that are there. `cut`: a cap kept the walk from seeing everything."""

    def __init__(self, start: str) -> None:
        self.waiting: list[str] = [start]
        self.level = -1
        self.arrived: dict[str, Memory] = {}
        self.cut = False
        self._steps: dict[str, Step | None] = {start: None}
        self._edges = 0

    def next_level(self) -> list[str]:
        level, self.waiting = self.waiting, []
        self.level += 1
        return level

    def arrive(self, trip: Sequence[str], expansion: Expansion, snapshot: Snapshot) -> list[Memory]:
        """The nodes of a trip that the world shows; what they lead to waits for the next level."""
        self.cut |= expansion.cut
        there = []
        for node in trip:
            memory = expansion.memories.get(node)
            if memory is not None and snapshot.shows(memory):
                there.append(memory)
                self.arrived[node] = memory
                self._see(node, expansion.adjacent.get(node, ()))
        return there

    def way(self, node: str) -> list[Step]:
        """The steps from the start to a node."""
        steps = []
        while step := self._steps[node]:
            steps.append(step)
            node = step.node
        return steps[::-1]

    def _see(self, node: str, adjacent: Sequence[Adjacent]) -> None:
        """The first way to a node is a shortest one."""
        self._edges += len(adjacent)
        for edge in adjacent:
            if edge.other in self._steps:
                continue
            if len(self._steps) >= MOST_SEEN or self._edges > MOST_EDGES:
                self.cut = True
                return
            self._steps[edge.other] = Step(node, edge)
            self.waiting.append(edge.other)
