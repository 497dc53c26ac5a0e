"""What keeps memories: the record, as the memory service needs it. Its contract is written here
once; what finds them is in memory.ports.vector_store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.erasures import ErasureRecord
from memory.domain.feedback import RatingRecord
from memory.domain.idempotency import Commit, Operation
from memory.domain.ids import Project
from memory.domain.memory import Edge, Memory, Scope
from memory.domain.records import Archive
from memory.domain.reports import ReportRecord
from memory.domain.tasks import TaskBook
from memory.domain.transaction import DedupKey, Holding, Transaction
from memory.ports.job_queue import JobRecord
from memory.ports.maintenance import Keeping
from memory.ports.vector_store import ModelCard
from memory.query.views import Direction, Snapshot


@dataclass(frozen=True, slots=True)
class Standing:
    """What the graph store knows of a memory now. `pending`: the index may lag behind it."""

    memory: Memory
    pending: bool


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a write needs to know of an owner: Redis's now, and the claims it asked about."""

    now: int
    claims: Mapping[DedupKey, tuple[Holding, ...]]
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Adjacent:
    """An edge seen from one of its ends; `other` is the far one. A derived edge is stored nowhere,
    so it comes along whole."""

    edge_id: str
    relation: str
    other: str
    outgoing: bool
    derived: Edge | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Which edges of a node to read: those valid at the world's as_of as known at its known_at,
    of these relations (none: all), at most `limit` a node and direction; the ones that end last
    first, then the newest valid_from. Where there are more, only those count whose far end is in
    the world and, where `since` is given, was created then or later."""

    direction: Direction
    snapshot: Snapshot
    limit: int
    relations: frozenset[str] = frozenset()
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """Nodes with their edges, read together. `cut`: a node had more than the limit."""

    memories: Mapping[str, Memory]
    adjacent: Mapping[str, Sequence[Adjacent]]
    cut: bool


@dataclass(frozen=True, slots=True)
class Instant:
    """Redis's now, and whether any memory could be valid then or later without being open."""

    now: int
    bounded: bool


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in a list, in its order: beyond the memory created at this instant with this id."""

    created_at: int
    memory_id: str


@dataclass(frozen=True, slots=True)
class Dirty:
    """An owner written a while ago, whose index may lag; `mark` tells this writing from a later."""

    slot: str
    mark: str


class GraphStore(
    Archive, Keeping, TaskBook, ErasureRecord, RatingRecord, ReportRecord, JobRecord, Protocol
):
    """The record: memories with every version, edges as adjacency sets with validity scores.

    `slot` is memory.domain.ids's Project.slot of an owner. What is not there reads as missing.
    Methods raise StoreUnavailable when Redis does not answer in time.
    """

    async def open(self, card: ModelCard) -> None:
        """Assert durability settings, format and model. Raises StartupRefused with what to do."""
        ...

    async def project(self, project_id: str, buckets: int, make: bool = True) -> Project:
        """The project's record. Where there is none it is made with a fresh secret, or NotFound
        raised: a project that was erased must not come back by a late call."""
        ...

    async def brief(
        self, slot: str, claims: Sequence[DedupKey] = (), memory_ids: Sequence[str] = ()
    ) -> Briefing:
        """Everything a write reads first, in one round trip."""
        ...

    async def commit(self, transactions: Sequence[Transaction]) -> list[Commit | None]:
        """Each transaction wholly or not at all, in order; owners whose memories change are marked
        dirty first. Every change is an event in the owner's log. Answers its record time, or None
        where something it expects to stand has changed, or its record time would not be earlier
        than its `before`: then read again and try again. A transaction whose operation was
        committed before writes nothing and answers that commit, with its answer."""
        ...

    async def committed(self, operations: Sequence[tuple[str, str]]) -> list[Commit | None]:
        """What each (slot, operation) of a Transaction committed; None where it did not, or more
        than a day ago."""
        ...

    async def claim(self, project_id: str, operation: Operation) -> Operation:
        """The operation as its first request claimed it, this one where none did: the claim
        stands for 25 hours from the last request, longer than any answer."""
        ...

    async def keep(self, project_id: str, operation: Operation) -> Operation:
        """Store what the operation keeps with its claim; the operation with what is kept, which
        is what another send of it stored first."""
        ...

    async def read(
        self, project_id: str, memory_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Memory]:
        """Versions known then (None: known last) by id; missing ones are left out. A successor
        is told only where it was known then."""
        ...

    async def history(self, slot: str, memory_id: str) -> list[Memory]:
        """Every version, oldest first; empty for a missing memory."""
        ...

    async def page(
        self,
        slots: Sequence[str],
        session_id: str | None,
        limit: int,
        after: Cursor | None,
        newest: bool,
        snapshots: Sequence[Snapshot] = (),
    ) -> list[Cursor]:
        """Places of these owners' memories in order of (created_at, id), beyond `after` only, of
        those that one of the worlds shows; none means all, and they may differ in as_of only."""
        ...

    async def session_neighbours(
        self, slot: str, places: Sequence[tuple[str, Cursor]], later: bool, limit: int
    ) -> list[list[Cursor]]:
        """For each (session id, place) the nearest places of the session, the nearest first:
        those recorded before it, or after it."""
        ...

    async def instant(self, slots: Sequence[str]) -> Instant:
        """The instant to pin a read of these owners at."""
        ...

    async def owners(self, project_id: str, field: str, value: str) -> list[str]:
        """Tags of owners with memories that name this agent, app or session beside their owner."""
        ...

    async def superseded(self, slots: Sequence[str]) -> list[str]:
        """Ids of these owners' memories that have a successor."""
        ...

    async def register(self, project_id: str, scopes: Mapping[str, Sequence[Scope]]) -> None:
        """Make `owners` find owner hashes by the other fields of their memories' scopes."""
        ...

    async def expand(
        self, slot: str, memory_ids: Sequence[str], reach: Reach, memories: bool = True
    ) -> Expansion:
        """Memories and their adjacent edges; or the edges only, for who has the memories."""
        ...

    async def edges(
        self, slot: str, edge_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Edge]:
        """Versions known then by id; None gives the last ones, retracted or not. Missing ones
        are left out."""
        ...

    async def dirty(self, older_than: float) -> list[Dirty]:
        """Owners last written at least `older_than` seconds ago and not cleaned since."""
        ...

    async def clean(self, dirty: Dirty) -> None:
        """Take the mark away, unless the owner was written again meanwhile."""
        ...

    async def lease(self, slot: str, seconds: int) -> bool:
        """True for one caller at a time: the one that repairs this owner."""
        ...

    async def release(self, slot: str) -> None: ...

    async def pending(self, slot: str) -> list[str]:
        """The owner's outbox: ids of memories whose index may lag."""
        ...

    async def settle(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """By slot, clear outbox entries of memories that are still at this version (or ERASED);
        returns the ids that moved on."""
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
