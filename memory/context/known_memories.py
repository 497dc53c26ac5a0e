"""Reads memories by their ids, as a read may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from memory.domain.errors import NotFound
from memory.domain.ids import Project, owner_hash_of
from memory.domain.memory import Memory
from memory.ports.memories import MemoryReader
from memory.query.views import Snapshot, View


class KnownMemories:
    """Reads memories by id, and pins reads to an instant."""

    def __init__(self, memories: MemoryReader) -> None:
        self._memories = memories

    async def get(self, project: Project, memory_id: str, known_at: int | None = None) -> Memory:
        """The version that was known then. Raises NotFound for malformed, missing and foreign ids,
        always in the same words."""
        slot_of(project, memory_id)
        found = await self._memories.read(project.id, [memory_id], known_at)
        if memory_id not in found:
            raise missing(memory_id)
        return found[memory_id]

    async def shown(
        self, project: Project, memory_ids: Iterable[str], snapshot: Snapshot
    ) -> dict[str, Memory]:
        """The memories that the snapshot shows, by id."""
        known = await self._memories.read(project.id, list(memory_ids), snapshot.known_at)
        return {memory.id: memory for memory in known.values() if snapshot.shows(memory)}

    async def pin(self, slot: str, view: View) -> Snapshot:
        """The snapshot of a view at its own as_of, or at Redis's now if the view names none."""
        if view.as_of is not None:
            return view.pinned(view.as_of)
        return view.pinned((await self._memories.instant([slot])).now)


def starts(memory_id: str, known: Mapping[str, Memory], snapshot: Snapshot, view: View) -> bool:
    """Whether a read that starts at a memory sees the memory. Raises NotFound if there is no such
    memory, or if the caller named an instant at which it is not there."""
    shown = memory_id in known and snapshot.shows(known[memory_id])
    if not shown and (memory_id not in known or view.explicit):
        raise missing(memory_id)
    return shown


def slot_of(project: Project, memory_id: str) -> str:
    """The slot of the memory's owner. Raises NotFound if the text is no memory id, or if it names
    an owner that the project is not bound to."""
    owner_hash = owner_hash_of(memory_id)
    if owner_hash is None or not project.holds(owner_hash):
        raise missing(memory_id)
    return project.slot(owner_hash)


def missing(memory_id: str) -> NotFound:
    return NotFound(f"no memory {memory_id[:60]!r}")
