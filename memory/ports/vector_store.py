"""The store that finds memories by meaning and by words; its contract is written here once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.memory import Memory
from memory.ports.models import ModelCard, Vectors
from memory.query.views import Where


@dataclass(frozen=True, slots=True)
class Point:
    """One version of a memory as the vector store sees it; immutable but for its retraction.

    `vector` has shape (dimensions,) and length 1. `terms` are the content's stems with
    repetitions (memory.domain.stemming); `metadata_tokens` come from memory.domain.metadata_tokens.
    """

    memory: Memory
    vector: Vectors
    terms: tuple[str, ...]
    metadata_tokens: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Indexed:
    """A version as the index holds it. `findable` is False where its vector or its words are
    missing from the index, so that no search comes upon it."""

    memory_id: str
    version: int
    retracted_at: int | None
    findable: bool


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A version in the order of a list: by valid_from, then by memory id and version."""

    valid_from: int
    memory_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Named:
    """An entity as the index knows it: how many versions name it, the first valid_from and the
    last recorded_at among them."""

    value: str
    versions: int
    first: int
    last: int


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
        """Write points; one that exists already (same memory and version) is written over, and can
        be found afterwards even where an earlier crash had left it out of the index."""
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

    async def select(
        self, tenant: str, where: Where, after: Listed | None, limit: int
    ) -> list[Listed]:
        """The next versions that match, the greatest first, those less than `after` only."""
        ...

    async def count(self, tenant: str, where: Where) -> int:
        """How many versions match."""
        ...

    async def named(self, tenant: str, field: str, where: Where) -> list[Named]:
        """The entities that matching versions name in a scope field, in no order."""
        ...

    async def survey(
        self,
        tenant: str,
        prefix: str = "",
        after: tuple[str, int] | None = None,
        limit: int = 1000,
        deep: bool = False,
    ) -> list[Indexed]:
        """Versions whose memory id begins with `prefix`, by (memory id, version), those beyond
        `after` only. `deep` also searches for each, where the index may have holes."""
        ...

    async def tenants(self, project_id: str | None = None) -> list[str]:
        """Names of the tenants that were written to and not dropped, of one project or of all."""
        ...

    async def compact(self, tenant: str) -> bool:
        """Overwrite what erased points left in the files. False: only writing the tenant anew
        under another name does that."""
        ...

    async def recover(self, project_id: str | None = None) -> list[str]:
        """Make what was lost or damaged writable again, though empty; returns the names of the
        tenants that were set aside as unreadable."""
        ...

    async def check(self) -> None:
        """Return if the store would take a write now; raise StoreUnavailable at once if not."""
        ...

    async def drop(self, tenant: str) -> None:
        """Remove a tenant with all its points; a missing one is a no-op."""
        ...

    async def close(self) -> None: ...
