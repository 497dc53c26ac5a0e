"""Erases the memories of one owner that name an entity, from both stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from memory.context.projects import Projects
from memory.domain.erasures import Order
from memory.domain.errors import Conflict
from memory.domain.ids import Project
from memory.domain.memory import Memory
from memory.erasure.owner_contents import OwnerContents
from memory.erasure.receipts import names
from memory.index.outbox import Index
from memory.ports.commits import Outbox
from memory.ports.erasures import ErasureOrders, OwnerErasure
from memory.ports.job_queue import JobRecord
from memory.ports.memories import Cursor, MemoryReader
from memory.ports.projects import Owners
from memory.write.replay import ATTEMPTS

# Raises Unavailable if another process may have taken the erasure over.
StillHeld = Callable[[], Awaitable[None]]


class EraseOwner:
    """Counts every batch in the order's tally, and asks `still_held` before each."""

    def __init__(
        self,
        projects: Projects,
        orders: ErasureOrders,
        removal: OwnerErasure,
        owners: Owners,
        memories: MemoryReader,
        outbox: Outbox,
        jobs: JobRecord,
        contents: OwnerContents,
        index: Index,
    ) -> None:
        self._projects, self._orders, self._removal = projects, orders, removal
        self._owners, self._memories, self._outbox = owners, memories, outbox
        self._jobs, self._contents, self._index = jobs, contents, index

    async def erase(self, order: Order, owner_hash: str, still_held: StillHeld) -> bool:
        """Erase an owner's memories that name the entity; returns whether more of them were written
        meanwhile.

        Names that none of the owner's other memories and jobs bear are unregistered. What is
        written meanwhile comes last in the list.
        """
        project = await self._projects.cached(order.project_id)
        slot = project.slot(owner_hash)
        await still_held()
        await self._orders.touch(order, owner_hash)
        borne = await self._forget_jobs(order, project, slot)
        await self._forget_erased(project, slot)
        registered = await self._owners.names_of(slot)
        if order.value is not None:
            registered.add((f"{order.kind}_id", order.value))
        points = await self._contents.points(project, owner_hash)
        after: Cursor | None = None
        while page := await self._contents.next(project, slot, after):
            memories, after = page
            named = []
            for memory in memories:
                if names(project, order.kind, order.subject, memory.scope):
                    named.append(memory)
                else:
                    borne.update(list(memory.scope.given().items())[1:])
            await self._expunge(order, slot, named, points, still_held)
        await self._owners.unregister(slot, registered - borne)
        # A writer may have registered after the list was read, and before its names were taken off.
        found = False
        while page := await self._contents.next(project, slot, after):
            memories, after = page
            await self._owners.register(
                project.id, {owner_hash: [memory.scope for memory in memories]}
            )
            found |= any(
                names(project, order.kind, order.subject, memory.scope) for memory in memories
            )
        return found

    async def _forget_jobs(self, order: Order, project: Project, slot: str) -> set[tuple[str, str]]:
        """Forget the owner's jobs that name the entity; returns the names that the other jobs bear.
        This comes before the memories, so that no job brings back what is erased."""
        jobs = await self._jobs.of_owner(slot)
        gone = [job for job in jobs if names(project, order.kind, order.subject, job.scope)]
        await self._jobs.forget(project.id, gone)
        left = [job.scope.given() for job in jobs if job not in gone]
        return {name for given in left for name in list(given.items())[1:]}

    async def _expunge(
        self,
        order: Order,
        slot: str,
        memories: list[Memory],
        points: Counter[str],
        still_held: StillHeld,
    ) -> None:
        """Erase these memories from both stores, even if somebody corrects them meanwhile. Raises
        Conflict if that never stops."""
        waiting = {memory.id: memory for memory in memories}
        for _ in range(ATTEMPTS):
            if not waiting:
                return
            project = await self._projects.fresh(order.project_id)
            await still_held()
            now = (await self._memories.instant([slot])).now
            gone = await self._removal.expunge(slot, order, now, [*waiting.values()], points)
            await self._index.bring(project, slot, gone)
            moved = [memory_id for memory_id in waiting if memory_id not in gone]
            waiting = await self._memories.read(project.id, moved) if moved else {}
        raise Conflict("other writers kept changing what is to be erased")

    async def _forget_erased(self, project: Project, slot: str) -> None:
        """Remove points of memories that are not in the record, but may still be in the index."""
        pending = await self._outbox.pending(slot)
        standing = await self._memories.read(project.id, pending)
        erased = [memory_id for memory_id in pending if memory_id not in standing]
        await self._index.bring(project, slot, erased)

    async def efface(self, order: Order, still_held: StillHeld) -> None:
        """Remove what the stores still hold of the entity as an owner."""
        await still_held()
        project = await self._projects.fresh(order.project_id)
        slot = project.slot(order.owner_hash)
        strays = await self._contents.points(project, order.owner_hash)
        standing = await self._memories.read(project.id, [*strays])
        left = {
            memory_id: count for memory_id, count in strays.items() if memory_id not in standing
        }
        if left:
            await self._index.bring(project, slot, [*left])
            await self._removal.count_points(slot, order, sum(left.values()))
        await self._removal.efface(slot, order)
