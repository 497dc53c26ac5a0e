"""What a service does besides answering calls, and how it is closed."""

from __future__ import annotations

from memory.erasure.erase_entity import EraseEntity
from memory.index.outbox import Index
from memory.index.repair import Repair
from memory.jobs.workers import Workers
from memory.maintenance.chores import Chores
from memory.maintenance.task_runner import TaskRunner
from memory.ports.graph_store import GraphStore
from memory.ports.vector_store import VectorStore


class Care:
    """Repair, work that waits, tasks, and the order in which all of it ends."""

    def __init__(
        self,
        graph: GraphStore,
        vectors: VectorStore,
        index: Index,
        repair: Repair,
        erasures: EraseEntity,
        workers: Workers,
        runner: TaskRunner,
        chores: Chores,
    ) -> None:
        self._graph, self._vectors = graph, vectors
        self._index, self._repair, self._erasures = index, repair, erasures
        self._workers, self._runner, self._chores = workers, runner, chores

    async def repair(self) -> int:
        """Go once over what a crash has left; returns how many memories were indexed."""
        await self._workers.tell_waiting()
        await self._erasures.resume()
        return await self._repair.repair()

    async def resume(self) -> None:
        """Take up tasks that nobody runs. Once an hour look for owners that no repair looks at."""
        await self._runner.resume()
        await self._chores.look_after()

    async def work(self) -> None:
        """Take up jobs that wait, as far as there is room. The work goes on in the background."""
        await self._workers.work()

    async def worked(self) -> None:
        """Return when no job is under way in this process."""
        await self._workers.ended()

    async def erased(self) -> None:
        """Return when no erasure is under way in this process."""
        await self._erasures.ended()

    async def settled(self) -> None:
        """Return when the outbox no longer holds what this process has indexed."""
        await self._index.settled()

    async def close(self) -> None:
        """First stop what begins writes, then let the index settle, then close the stores."""
        await self._workers.close()
        await self._erasures.close()
        await self._runner.close()
        await self.settled()
        await self._vectors.close()
        await self._graph.close()
