"""What is read of edges in the record: which memories are adjacent, and edges in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.memory import Edge, Memory
from memory.query.views import Direction, Snapshot


@dataclass(frozen=True, slots=True)
class Adjacent:
    """An edge as one of its ends sees it. `other` is the far end. A derived edge is stored nowhere,
    so it is given in full as `derived`."""

    edge_id: str
    relation: str
    other: str
    outgoing: bool
    derived: Edge | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Which edges of a node to read.

    These are edges in the snapshot, of the named relations; if none is named, of all. A node has at
    most `limit` edges in each direction. The edges that end last come first. Among these, the edges
    with the newest valid_from come first.

    If a node has more edges, only edges whose far end is in the snapshot count. With `since` the
    far end must also be created at that instant or later.
    """

    direction: Direction
    snapshot: Snapshot
    limit: int
    relations: frozenset[str] = frozenset()
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """Nodes with their edges, read together. If `cut`, a node has more edges than the limit."""

    memories: Mapping[str, Memory]
    adjacent: Mapping[str, Sequence[Adjacent]]
    cut: bool


class EdgeReader(Protocol):
    """Edges of an owner."""

    async def expand(
        self, slot: str, memory_ids: Sequence[str], reach: Reach, memories: bool = True
    ) -> Expansion:
        """Memories and their adjacent edges. Without `memories` only the edges are read."""
        ...

    async def read(
        self, slot: str, edge_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Edge]:
        """The versions that were known then, by id. A `known_at` of None asks for the last
        versions, retracted or not. Missing edges are left out."""
        ...
