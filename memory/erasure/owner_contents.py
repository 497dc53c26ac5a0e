"""What both stores hold of one owner, read batch by batch."""

from __future__ import annotations

from collections import Counter

from memory.domain.ids import Project, owner_prefix
from memory.domain.memory import Memory
from memory.index.survey import surveyed
from memory.ports.memories import Cursor, MemoryReader
from memory.ports.vector_store import VectorStore

# Memories that one round trip reads.
_BATCH = 200


class OwnerContents:
    """Reads an owner's memories from the record, and counts their points in the index."""

    def __init__(self, memories: MemoryReader, vectors: VectorStore) -> None:
        self._memories, self._vectors = memories, vectors

    async def points(self, project: Project, owner_hash: str) -> Counter[str]:
        """How many points the index holds of each of an owner's memories, by memory id."""
        points = surveyed(self._vectors, project.tenant(owner_hash), owner_prefix(owner_hash))
        return Counter([point.memory_id async for point in points])

    async def next(
        self, project: Project, slot: str, after: Cursor | None
    ) -> tuple[list[Memory], Cursor] | None:
        """The next memories of an owner, oldest first, and the position at which they end. None if
        there are no more."""
        positions = await self._memories.page([slot], None, _BATCH, after, newest=False)
        if not positions:
            return None
        ids = [position.memory_id for position in positions]
        found = await self._memories.read(project.id, ids)
        return [*found.values()], positions[-1]
