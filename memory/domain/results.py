"""What the service answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from memory.domain.memory import Edge, Memory

Version = TypeVar("Version")


@dataclass(frozen=True, slots=True)
class Similar:
    """A memory whose text is near to the text of a new one; `cosine` lies in [-1, 1]."""

    memory: Memory
    cosine: float


@dataclass(frozen=True, slots=True)
class Added:
    """A stored memory, or, if `deduplicated`, a memory that was there already.

    `not_stored` names the fields that the caller gave and the memory does not hold. `similar` is
    None if the caller did not ask for similar memories, or if they could not be found.
    """

    memory: Memory
    deduplicated: bool = False
    not_stored: tuple[str, ...] = ()
    similar: tuple[Similar, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with its score on the query's scale.

    A relevance lies in [0, 1]. A sum of cosine and words may be more than 1. The score is made of
    `cosine` and `coverage` (memory.search.ranking).
    """

    memory: Memory
    score: float
    cosine: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Page:
    memories: Sequence[Memory]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """A memory that a walk reached from a start.

    `path` lists the ids that were walked, the start first. `edge` led to this memory and has this
    `relation`. It is None if the walk asked for ids only.
    """

    memory: Memory
    relation: str
    depth: int
    path: tuple[str, ...]
    edge: Edge | None


@dataclass(frozen=True, slots=True)
class Relationships:
    """Edges of one memory, by created_at. If `truncated`, the memory has more edges."""

    edges: Sequence[Edge]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """If `truncated`, the limit or a cap cut the walk before it came to its end."""

    hits: Sequence[Related]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A shortest way: its memories in order, and the edges between them. Both are empty if there is
    no way. If `truncated`, a cap was met before a way could be found or ruled out."""

    memories: Sequence[Memory] = ()
    edges: Sequence[Edge] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class GraphPage:
    """A page of a graph: some nodes, and the edges whose ends are on this page or on earlier pages.
    If `truncated`, there are more nodes, or a cap cut the edges."""

    nodes: Sequence[Memory]
    edges: Sequence[Edge]
    truncated: bool
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Differences(Generic[Version]):
    """What began, what ended, and what was corrected, as (before, after)."""

    began: Sequence[Version]
    ended: Sequence[Version]
    changed: Sequence[tuple[Version, Version]]


@dataclass(frozen=True, slots=True)
class GraphDifference:
    """What differs between two instants of one graph. `retracted` edges were known and true at the
    first instant and were withdrawn by the second. No graph read of today shows them."""

    nodes: Differences[Memory]
    edges: Differences[Edge]
    retracted: Sequence[Edge]
    truncated: bool
    next_cursor: str | None = None
