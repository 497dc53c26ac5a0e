"""The record as a whole: everything there is, rather than what a request names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from memory.domain.memory import Owner
from memory.domain.records import EdgeRecord, Entry, Landing, Leaving, MemoryRecord, Record


class Archive(Protocol):
    """Records of owners, read and put back."""

    async def memory_records(self, slot: str, memory_ids: Sequence[str]) -> list[MemoryRecord]:
        """Each memory as it stands at one instant; missing ones are left out."""
        ...

    async def edge_records(
        self, slot: str, owner: Owner, edge_ids: Sequence[str]
    ) -> list[EdgeRecord]:
        """Each edge as it stands at one instant; missing ones are left out."""
        ...

    async def leaving(self, slot: str, starts: Sequence[tuple[str, str | None]]) -> list[Leaving]:
        """Of each (memory id, where to begin) some edges, retracted ones too. Over all parts of a
        memory, every version of an edge that stands throughout is met at least once."""
        ...

    async def restore(self, slot: str, now: int, records: Sequence[Record]) -> list[Landing]:
        """Put each record back, wholly or not at all, in order, at its own record times. The owner
        is marked dirty first, and its memories are in the outbox. Nothing checks the times."""
        ...


class Entries(Protocol):
    """What belongs to no owner and has to outlive the server: projects, keys, the pepper,
    receipts."""

    async def all(self) -> list[Entry]: ...

    async def restore(self, entry: Entry) -> bool:
        """Put it back; False if it is there as it is.

        Raises Conflict for a project with another secret that has memories, and for a pepper that
        keys were made with. Raises InvalidInput for what `all` never gives.
        """
        ...
