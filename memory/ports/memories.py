"""What is read of memories in the record: versions, positions in lists, and feedback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.feedback import Feedback
from memory.domain.memory import Memory
from memory.query.views import Snapshot


@dataclass(frozen=True, slots=True)
class Instant:
    """Redis's now. `bounded`: some memory could be valid then or later without being open."""

    now: int
    bounded: bool


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A position in a list, in the list's order: just beyond the memory with this id, which was
    created at this instant."""

    created_at: int
    memory_id: str


class MemoryReader(Protocol):
    """Versions of memories. A memory that is not there is left out of every answer.

    `slot` is memory.domain.ids' Project.slot of an owner. Methods raise StoreUnavailable if Redis
    does not answer in time; so do those of every other part of the record.
    """

    async def read(
        self, project_id: str, memory_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Memory]:
        """By id the versions that were known then (None: the last ones). A successor is told only
        if it was known then."""
        ...

    async def history(self, slot: str, memory_id: str) -> list[Memory]:
        """Every version, oldest first; empty for a missing memory."""
        ...

    async def histories(
        self, project_id: str, memory_ids: Collection[str]
    ) -> dict[str, list[Memory]]:
        """By id every version, oldest first. Each memory is read as of one instant."""
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
        """Positions of these owners' memories in order of (created_at, id), beyond `after` only.
        One of the snapshots must show the memory; no snapshot means all memories. The snapshots
        may differ in as_of only."""
        ...

    async def session_neighbours(
        self, slot: str, positions: Sequence[tuple[str, Cursor]], later: bool, limit: int
    ) -> list[list[Cursor]]:
        """For each (session id, position) the nearest positions of the session, the nearest first:
        those recorded before it, or those after it."""
        ...

    async def instant(self, slots: Sequence[str]) -> Instant:
        """The instant to pin a read of these owners at."""
        ...

    async def superseded(self, slots: Sequence[str]) -> list[str]:
        """Ids of these owners' memories that have a successor."""
        ...


class FeedbackRecord(Protocol):
    """Feedback, kept beside its memory and gone with it."""

    async def rate(self, slot: str, memory_id: str, feedback: Feedback | None) -> bool:
        """False if there is no such memory; then nothing is kept."""
        ...

    async def get(self, slot: str, memory_id: str) -> Feedback | None: ...
