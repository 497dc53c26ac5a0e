"""The record as a whole: everything that there is in it, read and put back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from memory.domain.memory import Owner
from memory.domain.records import EdgeRecord, Entry, Landing, Leaving, MemoryRecord, Record


class Archive(Protocol):
    """Records of owners, read and put back."""

    async def memory_records(self, slot: str, memory_ids: Sequence[str]) -> list[MemoryRecord]:
        """Each memory as it is at one instant. Missing memories are left out."""
        ...

    async def edge_records(
        self, slot: str, owner: Owner, edge_ids: Sequence[str]
    ) -> list[EdgeRecord]:
        """Each edge as it is at one instant. Missing edges are left out."""
        ...

    async def leaving(self, slot: str, starts: Sequence[tuple[str, str | None]]) -> list[Leaving]:
        """Some edges of each start, a (memory id, where to begin); None begins at the first edge.
        Retracted edges are among them. If a caller reads all parts of a memory's edges, each
        version of an edge that stays meanwhile is met at least once."""
        ...

    async def restore(self, slot: str, now: int, records: Sequence[Record]) -> list[Landing]:
        """Put records back in order, each wholly or not at all, at its own record times. The owner
        is marked dirty first, and its memories are in the outbox. Nothing checks the times."""
        ...


class Entries(Protocol):
    """What belongs to no owner and must outlive the server: projects, keys, the pepper,
    receipts."""

    async def all(self) -> list[Entry]: ...

    async def restore(self, entry: Entry) -> bool:
        """Put an entry back. False if it is there already as it is.

        Raises Conflict for a project with another secret that has memories, and for a pepper that
        keys were made with. Raises InvalidInput for what `all` never gives.
        """
        ...
