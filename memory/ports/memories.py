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
    """`now` is the time of Redis. If `bounded`, some memory could be valid then or later without
    being open (Memory.open)."""

    now: int
    bounded: bool


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A position in a list. It is just beyond the memory with this id, which was created at this
    instant."""

    created_at: int
    memory_id: str


class MemoryReader(Protocol):
    """Reads versions of memories. A memory that is not there is left out of every answer.

    `slot` is the Project.slot of an owner (memory.domain.ids). Methods raise StoreUnavailable if
    Redis does not answer in time. So do the methods of every other part of the record.
    """

    async def read(
        self, project_id: str, memory_ids: Sequence[str], known_at: int | None = None
    ) -> dict[str, Memory]:
        """The versions that were known then, by id. A `known_at` of None asks for the last
        versions. A version names its successor only if the successor was known then."""
        ...

    async def history(self, slot: str, memory_id: str) -> list[Memory]:
        """Every version, oldest first. Empty if the memory is missing."""
        ...

    async def histories(
        self, project_id: str, memory_ids: Collection[str]
    ) -> dict[str, list[Memory]]:
        """Every version by memory id, oldest first. Each memory is read as of one instant."""
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
        """Positions of these owners' memories beyond `after`, in order of (created_at, id).

        At least one of the snapshots must show the memory. Without snapshots all memories are
        listed. The snapshots may differ in as_of only.
        """
        ...

    async def session_neighbours(
        self, slot: str, positions: Sequence[tuple[str, Cursor]], later: bool, limit: int
    ) -> list[list[Cursor]]:
        """The nearest positions in the session of each (session id, position), the nearest first.
        They were created after the position if `later`, and before it otherwise."""
        ...

    async def instant(self, slots: Sequence[str]) -> Instant:
        """The instant to pin a read of these owners to."""
        ...

    async def superseded(self, slots: Sequence[str]) -> list[str]:
        """Ids of these owners' memories that have a successor."""
        ...


class FeedbackRecord(Protocol):
    """Feedback. It is kept beside its memory and erased with it."""

    async def rate(self, slot: str, memory_id: str, feedback: Feedback | None) -> bool:
        """Keep the feedback; None removes it. False if there is no such memory."""
        ...

    async def get(self, slot: str, memory_id: str) -> Feedback | None: ...
