"""What the memory service needs of the world; each adapter's contract is written here once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from memory.identity import Project
from memory.model import Direction, Edge, Memory, Scope, Where
from memory.transaction import ClaimKey, Committed, Holding, Transaction

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), rows of length 1."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Which model made the vectors; recorded with the data, compared at every start."""

    name: str
    dimensions: int


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order. Raises Unavailable when the model does not answer."""
        ...

    async def card(self) -> ModelCard: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One version of a memory as the vector store sees it; immutable but for its retraction.

    `vector` has shape (dimensions,) and length 1. `terms` are the content's stems with
    repetitions (memory.lexicon); `tags` come from memory.filters.
    """

    memory: Memory
    vector: Vectors
    terms: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A version found. `score` is the cosine for `nearest`, the engine's BM25 for `match`."""

    memory_id: str
    version: int
    score: float


@dataclass(frozen=True, slots=True)
class Retraction:
    """A version that is no longer the known one from `retracted_at` on."""

    memory_id: str
    version: int
    retracted_at: int


class VectorStore(Protocol):
    """Finds versions by meaning and by words: an index that can be rebuilt from the graph store.

    A tenant comes into being with its first point; reading or erasing in one that does not exist
    finds nothing. Methods raise StoreUnavailable within their deadline when the store is down.
    Everything acknowledged survives a kill of the process and is visible to the next call.
    """

    async def open(self, card: ModelCard) -> None:
        """Connect, create what is missing. Raises StartupRefused on data of another format."""
        ...

    async def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        """Write points; one that exists already (same memory and version) is written over."""
        ...

    async def restore(self, tenant: str, points: Sequence[Point]) -> None:
        """Like upsert, but also mends points whose vector an earlier crash left unindexed."""
        ...

    async def retract(self, tenant: str, retractions: Sequence[Retraction]) -> None:
        """Close the record interval of points, which clears `open`; missing ones are skipped."""
        ...

    async def erase(self, tenant: str, memory_ids: Sequence[str]) -> None:
        """Remove every version of these memories; missing ones are skipped."""
        ...

    async def nearest(self, tenant: str, vector: Vectors, where: Where, limit: int) -> list[Hit]:
        """The `limit` versions with the highest cosine to `vector`, best first, ties by id."""
        ...

    async def match(self, tenant: str, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
        """The `limit` best versions that hold at least one of the terms, best first."""
        ...

    async def check(self) -> None:
        """Return if the store would take a write now; raise StoreUnavailable at once if not."""
        ...

    async def drop(self, tenant: str) -> None:
        """Remove a tenant with all its points; a missing one is a no-op."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What the graph store knows of a memory now. `pending`: the index may lag behind it."""

    memory: Memory
    pending: bool


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a write needs to know of an owner: Redis's now, and the claims it asked about."""

    now: int
    claims: Mapping[ClaimKey, tuple[Holding, ...]]
    standings: Mapping[str, Standing]


class GraphStore(Protocol):
    """The record: memories with every version, edges as adjacency sets with validity scores.

    `tag` is memory.identity's owner tag. Ids whose tag leads nowhere read as missing. Methods
    raise StoreUnavailable when Redis does not answer in time.
    """

    async def open(self, card: ModelCard) -> None:
        """Assert durability settings, format and model. Raises StartupRefused with what to do."""
        ...

    async def project(self, project_id: str, buckets: int) -> Project:
        """The project's record; made with a fresh secret where there is none."""
        ...

    async def now(self, tag: str) -> int:
        """Redis's time, but never before the owner's last record time."""
        ...

    async def brief(
        self, tag: str, claims: Sequence[ClaimKey] = (), memory_ids: Sequence[str] = ()
    ) -> Briefing:
        """Everything a write reads first, in one round trip; marks the owner as being written."""
        ...

    async def commit(self, transaction: Transaction) -> Committed:
        """All of the transaction, or nothing. Raises transaction.Moved where what it expects
        does not stand."""
        ...

    async def read(self, memory_ids: Sequence[str]) -> dict[str, Memory]:
        """Last known versions by id; missing ones are left out."""
        ...

    async def history(self, memory_id: str) -> list[Memory]:
        """Every version, oldest first; empty for a missing memory."""
        ...

    async def page(
        self, tag: str, session_id: str | None, limit: int, before: Cursor | None, newest: bool
    ) -> list[str]:
        """Ids in order of (created_at, id), those after the cursor only."""
        ...

    async def bounded(self, tag: str, now: int) -> int:
        """How many memories could be valid at `now` or later without being open."""
        ...

    async def owners(self, field: str, value: str) -> list[str]:
        """Tags of owners with memories that name this agent, app or session beside their owner."""
        ...

    async def register(self, tag: str, scopes: Sequence[Scope]) -> None:
        """Make `owners` find this owner by the other fields of its memories' scopes."""
        ...

    async def edges(self, memory_id: str, direction: Direction, at: int, limit: int) -> list[Edge]:
        """Edges of a memory valid at an instant, newest valid_from first."""
        ...

    async def edge(self, tag: str, edge_id: str) -> Edge | None: ...

    async def dirty(self, older_than: float, limit: int) -> list[str]:
        """Owner tags written at least `older_than` seconds ago whose index may lag."""
        ...

    async def pending(self, tag: str) -> dict[str, str]:
        """Outbox of an owner: memory id → the token to settle it with."""
        ...

    async def settle(self, tag: str, tokens: dict[str, str]) -> dict[str, str]:
        """Clear outbox entries that still hold these tokens; returns those that moved on."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after (or before) the memory created at this instant with this id."""

    created_at: int
    memory_id: str
