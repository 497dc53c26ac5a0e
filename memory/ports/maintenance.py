"""What tasks need of the record: whether it is sound, where its index is, and an end to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.ids import Project
from memory.domain.memory import Memory


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the record that does not fit the rest of it; `id` is a memory's or an edge's."""

    kind: str
    id: str


class Keeping(Protocol):
    """Part of memory.ports.graph_store.GraphStore. Methods raise StoreUnavailable as all of it
    does."""

    async def histories(
        self, project_id: str, memory_ids: Collection[str]
    ) -> dict[str, list[Memory]]:
        """Every version by id, oldest first, each memory as of one instant; missing ones are left
        out."""
        ...

    async def unmoved(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """As `settle`, but nothing is cleared: by slot the ids that are at another version."""
        ...

    async def listed(self, slot: str) -> list[str]:
        """Every memory id of an owner; one written meanwhile may be missed."""
        ...

    async def sizes(self, slots: Sequence[str]) -> list[int]:
        """How many memories each owner has."""
        ...

    async def unsound(self, slot: str, memory_ids: Sequence[str], mend: bool) -> list[Fault]:
        """Where these memories' places and edges do not fit the rest of the record. `mend` puts
        it right: what has nothing to stand for is taken away, and a missing mirror is added."""
        ...

    async def unmarked(self, slots: Sequence[str], mend: bool) -> list[str]:
        """Slots with a memory in the outbox that no repair would look at; `mend` marks them."""
        ...

    async def epochs(self, project_ids: Collection[str]) -> dict[str, int]:
        """Project.epoch as it stands; projects that are gone are left out."""
        ...

    async def projects(self) -> list[str]:
        """Ids of every project with a record."""
        ...

    async def point(self, project: Project, read: int, writes: Sequence[int]) -> bool:
        """Set which generations are read and written, in a new epoch. False where the project's
        epoch is another by now."""
        ...

    async def leave(self, project_id: str, keep: bool, task_id: str) -> None:
        """End a project: no caller finds it any more. `keep` it, but with another secret, so that
        whatever it held has no owner there: once a task."""
        ...

    async def clear(self, project_id: str) -> int:
        """Remove everything of a project that was left; returns how many keys there were."""
        ...

    async def compact(self) -> list[str]:
        """Have every Redis node write its log anew, without what was erased. Returns in words
        what could not be done."""
        ...
