"""What the service answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from memory.domain.memory import Edge, Memory

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Similar:
    """A memory whose text is near to a new one's; `cosine` in [-1, 1]."""

    memory: Memory
    cosine: float


@dataclass(frozen=True, slots=True)
class Added:
    """A stored memory, or the one that was there already: then `not_stored` names what the caller
    gave and the memory does not hold."""

    memory: Memory
    deduplicated: bool = False
    not_stored: tuple[str, ...] = ()
    similar: tuple[Similar, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with its score on the query's scale: a relevance lies in [0, 1], a sum of cosine and
    words may be more. `cosine` and `coverage` are what it was made of (memory.search.ranking)."""

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
    """A memory reached from a start: `path` lists the ids walked, start first, and `edge`, of
    this `relation`, is the one that led here; None where the walk asked for ids only."""

    memory: Memory
    relation: str
    depth: int
    path: tuple[str, ...]
    edge: Edge | None


@dataclass(frozen=True, slots=True)
class Relationships:
    """Edges of one memory, by created_at. `truncated`: it has more than are shown."""

    edges: Sequence[Edge]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """`truncated`: the limit or a cap cut the walk before it came to its end."""

    hits: Sequence[Related]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A shortest way: its memories in order and the edges between them; empty where there is
    none. `truncated`: a cap was met before one could be found or ruled out."""

    memories: Sequence[Memory] = ()
    edges: Sequence[Edge] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class GraphPage:
    """A page of nodes, and of the edges whose ends this page and those before it hold."""

    nodes: Sequence[Memory]
    edges: Sequence[Edge]
    truncated: bool
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Differences(Generic[Thing]):
    """What began to be there, what ended, and what was corrected, as (before, after)."""

    began: Sequence[Thing]
    ended: Sequence[Thing]
    changed: Sequence[tuple[Thing, Thing]]


@dataclass(frozen=True, slots=True)
class GraphDifference:
    """Between two instants of one graph. `retracted` edges were known and true at the first
    instant and withdrawn by the second: no graph read of today shows them."""

    nodes: Differences[Memory]
    edges: Differences[Edge]
    retracted: Sequence[Edge]
    truncated: bool
    next_cursor: str | None = None
