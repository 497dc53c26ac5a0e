"""What upkeep needs of the record: tasks, leases, whether it is sound, and a compact log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.tasks import Task


class Leases(Protocol):
    """One holder of a name at a time. A lease lapses by itself."""

    async def take(self, name: str, holder: str, seconds: float) -> bool:
        """True if the holder has the lease now, also if it had it before."""
        ...

    async def keep(self, name: str, holder: str, seconds: float) -> bool:
        """Put the lapse off; False if the lease has lapsed or is another holder's."""
        ...

    async def release(self, name: str, holder: str) -> None:
        """End the lease; nothing happens if it is another holder's by now."""
        ...


class TaskRecord(Protocol):
    """Tasks are kept for seven days."""

    async def begin(self, task: Task) -> Task:
        """Write the task down; if one of its kind and project runs, answer that one instead."""
        ...

    async def take(self, task_id: str, holder: str, seconds: int) -> bool:
        """True for one holder at a time, as long as it tells news of a running task."""
        ...

    async def tell(self, task: Task, holder: str, seconds: int) -> bool:
        """Store how far the task has come and hold it for longer; 0 seconds lets go of it. False if
        another holder has taken it meanwhile: then stop."""
        ...

    async def read(self, task_id: str) -> Task | None: ...

    async def all(self) -> list[Task]:
        """Newest first."""
        ...

    async def running(self) -> list[Task]:
        """Those that have not ended, whoever holds them."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the record that does not fit the rest of it; `id` is a memory's or an edge's."""

    kind: str
    id: str


class Consistency(Protocol):
    async def unsound(self, slot: str, memory_ids: Sequence[str], mend: bool) -> list[Fault]:
        """What of these memories' listings and edges does not fit the rest of the record. `mend`
        puts it right: it takes away what has nothing to stand for, and adds a missing mirror."""
        ...

    async def unmarked(self, slots: Sequence[str], mend: bool) -> list[str]:
        """Slots with a memory in the outbox that no repair would look at; `mend` marks them."""
        ...


class Compaction(Protocol):
    async def compact(self) -> list[str]:
        """Have every Redis node write its log anew, without what was erased. Returns in words what
        could not be done."""
        ...
