"""Projects in the record, and the owners in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from memory.domain.ids import Project
from memory.domain.memory import Scope


class ProjectRecord(Protocol):
    async def read(self, project_id: str, buckets: int, make: bool = True) -> Project:
        """The project. With `make`, a missing project is made with a fresh secret. Otherwise it
        raises NotFound: a late call must not bring an erased project back."""
        ...

    async def epochs(self, project_ids: Collection[str]) -> dict[str, int]:
        """Project.epoch as it is now, by project id. Projects that are gone are left out."""
        ...

    async def ids(self) -> list[str]:
        """Every project with a record."""
        ...

    async def point(self, project: Project, read: int, writes: Sequence[int]) -> bool:
        """Set which generations are read and written. This begins a new epoch. False if the project
        has another epoch than `project` by now."""
        ...

    async def leave(self, project_id: str, keep: bool, task_id: str) -> None:
        """End a project: no caller finds it any more. With `keep` it stays with another secret, so
        nothing that it held has an owner there. A second call for the same task does nothing."""
        ...

    async def clear(self, project_id: str) -> int:
        """Remove everything of a project that was left. Returns how many keys were removed."""
        ...


class Owners(Protocol):
    """Which owners there are, how many memories they have, and which entities these name."""

    def slots(self, project_id: str | None = None) -> AsyncIterator[str]:
        """Slots of every owner with memories, of one project or of all, in no order. An owner who
        is written to meanwhile may be missed."""
        ...

    async def sizes(self, slots: Sequence[str]) -> list[int]:
        """How many memories each owner has."""
        ...

    async def memory_ids(self, slot: str) -> list[str]:
        """Every memory id of an owner. A memory that is written meanwhile may be missed."""
        ...

    async def naming(self, project_id: str, field: str, value: str) -> list[str]:
        """Hashes of the owners whose memories name this agent, app or session besides the owner."""
        ...

    async def register(self, project_id: str, scopes: Mapping[str, Sequence[Scope]]) -> None:
        """Make `naming` find owner hashes by the other fields of their memories' scopes."""
        ...

    async def names_of(self, slot: str) -> set[tuple[str, str]]:
        """(field, value) of the agents, apps and sessions that the owner is registered with."""
        ...

    async def unregister(self, slot: str, names: set[tuple[str, str]]) -> None: ...
