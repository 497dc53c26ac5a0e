"""What upkeep needs of the record: leases, tasks, a check of its consistency, and compaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.tasks import Task


class Leases(Protocol):
    """A name has one holder at a time. A lease lapses by itself."""

    async def take(self, name: str, holder: str, seconds: float) -> bool:
        """True if the holder has the lease now, even if it had the lease before."""
        ...

    async def keep(self, name: str, holder: str, seconds: float) -> bool:
        """Make the lease last longer. False if it has lapsed, or if another holder has it."""
        ...

    async def release(self, name: str, holder: str) -> None:
        """End the lease. Nothing happens if another holder has it by now."""
        ...


class TaskRecord(Protocol):
    """Tasks are kept for seven days."""

    async def begin(self, task: Task) -> Task:
        """Store the task and answer it. If a task of its kind and project runs, answer that one
        instead."""
        ...

    async def take(self, task_id: str, holder: str, seconds: int) -> bool:
        """True for one holder at a time, for so many seconds after it last told of the task. False
        if the task does not run."""
        ...

    async def tell(self, task: Task, holder: str, seconds: int) -> bool:
        """Store how far the task has come, and hold it for so many seconds more; 0 lets go of it.
        False if another holder has taken it meanwhile: then the caller must stop."""
        ...

    async def read(self, task_id: str) -> Task | None: ...

    async def all(self) -> list[Task]:
        """Newest first."""
        ...

    async def running(self) -> list[Task]:
        """The tasks that have not ended, whoever holds them."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the record that does not fit the rest of it. `id` names a memory or an edge."""

    kind: str
    id: str


class Consistency(Protocol):
    async def unsound(self, slot: str, memory_ids: Sequence[str], mend: bool) -> list[Fault]:
        """What of these memories' listings and edges does not fit the rest of the record. `mend`
        puts it right: it takes away what has nothing to stand for, and adds a missing mirror."""
        ...

    async def unmarked(self, slots: Sequence[str], mend: bool) -> list[str]:
        """Slots with a memory in the outbox that no repair would look at. `mend` marks these slots
        dirty."""
        ...


class Compaction(Protocol):
    async def compact(self) -> list[str]:
        """Make every Redis node write its append-only file anew, without what was erased. Returns
        in words what could not be done."""
        ...
