"""The memory service as its callers see it: the HTTP edge, in-process or over a Ray handle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from memory.domain.caller import Caller
from memory.domain.erasures import Erasures
from memory.domain.errors import Refused
from memory.domain.feedback import Ratings
from memory.domain.jobs import Jobs
from memory.domain.memory import Correction, Edge, Memory, NewEdge, NewMemory, Scope, Unset
from memory.domain.reports import Reports
from memory.domain.results import (
    Added,
    Found,
    Graph,
    GraphDifference,
    Neighbourhood,
    Page,
    Path,
    Relationships,
)
from memory.domain.selections import Selections
from memory.domain.transfer import Transfer
from memory.query.views import ANY_EDGE, NOW, Query, View, Walk
from memory.service.administration_api import Administration


class Memories(Administration, Erasures, Transfer, Selections, Jobs, Ratings, Reports, Protocol):
    """Every call names its project. An id that is malformed, missing or another project's raises
    NotFound; a dependency that is down raises StoreUnavailable; nothing is then changed.
    """

    async def add(self, caller: Caller, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        """One answer a draft, in order; each draft is stored wholly or not at all."""
        ...

    async def get(self, caller: Caller, memory_id: str, view: View = NOW) -> Memory:
        """The version known at known_at, whether or not it is valid now; NotFound where the view
        names an as_of at which it was not valid."""
        ...

    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        """Raises VersionMismatch where if_version is not the last version."""
        ...

    async def erase(self, caller: Caller, memory_id: str) -> int:
        """Remove content, vectors, versions and the edges on both ends, from every past as well;
        returns the record time, microseconds."""
        ...

    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        """By memory id; None where it is done, in order. One that is refused keeps no other
        back."""
        ...

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        """As correct_each."""
        ...

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        """Erase a memory, all that it superseded, and that they did, the oldest first; returns
        the record time and how many there were besides, None where it was erased before."""
        ...

    async def history(self, caller: Caller, memory_id: str) -> list[Memory]:
        """Every version, oldest first."""
        ...

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        """Memories of the view, by created_at. A cursor keeps the instants of its first page."""
        ...

    async def search(self, caller: Caller, query: Query) -> list[Found]:
        """Memories of the query's view at or above the threshold, best first, each judged by
        the text that was known then."""
        ...

    async def relate(self, caller: Caller, edge: NewEdge) -> tuple[Edge, bool]:
        """The edge, and whether it is new."""
        ...

    async def relationships(
        self, caller: Caller, memory_id: str, walk: Walk, view: View = NOW
    ) -> Relationships:
        """Edges of a memory in the view. A memory that the view does not show has
        none, and is NotFound where the view names an instant; so for `related` and `path`."""
        ...

    async def amend_edge(
        self,
        caller: Caller,
        memory_id: str,
        edge_id: str,
        valid_to: int | Unset | None,
        metadata: Mapping[str, Any] | Unset,
    ) -> Edge:
        """A new version of an edge of this memory; valid_to None reopens it."""
        ...

    async def retract_edge(self, caller: Caller, memory_id: str, edge_id: str) -> int:
        """Not known from now on; returns that record time, microseconds."""
        ...

    async def related(
        self, caller: Caller, memory_id: str, walk: Walk, limit: int, view: View = NOW
    ) -> Neighbourhood:
        """Breadth first, nearest first, each memory once, without the start."""
        ...

    async def path(
        self, caller: Caller, start_id: str, end_id: str, walk: Walk, view: View = NOW
    ) -> Path:
        """A shortest way of at most walk.depth edges; the same one each time."""
        ...

    async def graph(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None = None,
        walk: Walk = ANY_EDGE,
        view: View = NOW,
    ) -> Graph:
        """Memories of the view, newest first, with the edges between them."""
        ...

    async def graph_difference(
        self,
        caller: Caller,
        scope: Scope,
        start: int,
        end: int,
        limit: int,
        cursor: str | None = None,
        known_at: int | None = None,
    ) -> GraphDifference:
        """The graph as of `end` against the graph as of `start`, both as known at known_at. A
        page looks at `limit` memories."""
        ...

    async def ready(self) -> dict[str, str]:
        """State of each dependency: begins with "ok", or says what is wrong."""
        ...
