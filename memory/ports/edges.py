"""What is read of edges in the record: the adjacency of memories, and edges in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.memory import Edge, Memory
from memory.query.views import Direction, Snapshot


@dataclass(frozen=True, slots=True)
class Adjacent:
    """An edge as one of its ends sees it; `other` is the far end. A derived edge is stored nowhere,
    so it comes along whole."""

    edge_id: str
    relation: str
    other: str
    outgoing: bool
    derived: Edge | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Which edges of a node to read: those that the snapshot holds, of these relations (none means
    all), at most `limit` a node and direction. The edges that end last come first, then those with
    the newest valid_from.

    If a node has more edges, only those count whose far end is in the snapshot and, with `since`,
    was created then or later.
    """

    direction: Direction
    snapshot: Snapshot
    limit: int
    relations: frozenset[str] = frozenset()
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """Nodes with their edges, read together. `cut`: a node has more edges than the limit."""

    memories: Mapping[str, Memory]
    adjacent: Mapping[str, Sequence[Adjacent]]
    cut: bool


class EdgeReader(Protocol):
    """Edges of an owner."""

    async def expand(
        self, slot: str, memory_ids: Sequence[str], reach: Reach, memories: bool = True
    ) -> Expansion:
        """Memories and their adjacent edges. Without `memories` only the edges: the caller has the
        memories."""
        ...

    async def read(
        self, slot: str, edge_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Edge]:
        """By id the versions that were known then. None gives the last ones, retracted or not.
        Missing edges are left out."""
        ...
