"""The store that finds memories by meaning and by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.memory import Memory
from memory.ports.models import ModelCard, Vectors
from memory.query.views import Where


@dataclass(frozen=True, slots=True)
class Point:
    """One version of a memory as the vector store sees it. Only its retraction can change.

    `vector` has shape (dimensions,) and length 1. `terms` are the stems of the content, with
    repetitions (memory.domain.stemming). `metadata_tokens` come from memory.domain.metadata_tokens.
    """

    memory: Memory
    vector: Vectors
    terms: tuple[str, ...]
    metadata_tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A version that was found. `score` is the cosine for `nearest`, and the engine's BM25 for
    `match`."""

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
    """A version as the index holds it. `findable` is False if its vector or its words are missing
    from the index. Then a search may miss it."""

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
    """An entity as the index knows it. `versions` counts the versions that name it. `first` is the
    first valid_from among them, `last` the last recorded_at."""

    value: str
    versions: int
    first: int
    last: int


class VectorStore(Protocol):
    """Finds versions by meaning and by words: an index that can be rebuilt from the graph store.

    The first point of a tenant makes the tenant. Reading or erasing in a tenant that does not exist
    finds nothing. Methods raise StoreUnavailable within their deadline if the store is down. What
    was acknowledged survives a kill of the process and is visible to the next call.
    """

    async def open(self, card: ModelCard) -> None:
        """Connect, and create what is missing. Raises StartupRefused if the data has another
        format."""
        ...

    async def upsert(self, tenant: str, points: Sequence[Point]) -> None:
        """Write points. A point that exists already (same memory and version) is written over. It
        can be found afterwards, even if an earlier crash had left it out of the index."""
        ...

    async def retract(self, tenant: str, retractions: Sequence[Retraction]) -> None:
        """Close the record interval of points, which clears `open`. Missing points are skipped."""
        ...

    async def erase(self, tenant: str, memory_ids: Sequence[str]) -> None:
        """Remove every version of these memories. Missing memories are skipped."""
        ...

    async def nearest(self, tenant: str, vector: Vectors, where: Where, limit: int) -> list[Hit]:
        """The `limit` versions with the highest cosine to `vector`, best first; ties by id."""
        ...

    async def match(self, tenant: str, terms: Sequence[str], where: Where, limit: int) -> list[Hit]:
        """The `limit` best versions that hold at least one of the terms, best first."""
        ...

    async def select(
        self, tenant: str, where: Where, after: Listed | None, limit: int
    ) -> list[Listed]:
        """The next versions that match, the greatest first. Only versions less than `after` are
        listed."""
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
        """Versions beyond `after` whose memory id begins with `prefix`, by (memory id, version).
        With `deep` each version is also searched for, if the index may have holes."""
        ...

    async def tenants(self, project_id: str | None = None) -> list[str]:
        """Names of the tenants that were written to and not dropped, of one project or of all."""
        ...

    async def compact(self, tenant: str) -> bool:
        """Overwrite what erased points left in the files. False if the store can only do that by
        writing the tenant anew under another name."""
        ...

    async def recover(self, project_id: str | None = None) -> list[str]:
        """Make what was lost or damaged writable again, but empty. Returns the names of the tenants
        that were set aside as unreadable."""
        ...

    async def check(self) -> None:
        """Return if the store would take a write now. Raise StoreUnavailable at once if not."""
        ...

    async def drop(self, tenant: str) -> None:
        """Remove a tenant with all its points. Nothing happens if it is missing."""
        ...

    async def close(self) -> None: ...
