"""Runs tasks in the background of a replica, and takes up tasks of replicas that are gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from memory.context.background import stopped
from memory.domain.errors import Mem0gError, Unavailable
from memory.domain.tasks import Kind, State, Task
from memory.ports.maintenance import TaskRecord

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
# Another replica may take a task that was not heard of for so long.
LEASE_S = 15


@dataclass(slots=True)
class TaskProgress:
    """How far a task has come. The runner stores it with every heartbeat."""

    task: Task
    done: int = 0
    total: int = 0
    report: dict[str, Any] = field(default_factory=dict)

    def told(self, **changes: Any) -> Task:
        """The task with its progress and these changes."""
        return replace(
            self.task, done=self.done, total=self.total, report=dict(self.report), **changes
        )


Work = Callable[[TaskProgress], Awaitable[None]]


class TaskRunner:
    """Runs tasks. `work` does what a task is for, always from the start."""

    def __init__(self, record: TaskRecord, work: Work) -> None:
        self._record, self._work = record, work
        self._holder = uuid4().hex
        self._running: dict[str, asyncio.Task[None]] = {}
        self._taking: set[str] = set()
        self._closing = asyncio.Event()

    async def start(self, kind: Kind, project_id: str | None, dry_run: bool = False) -> Task:
        """A new task, under way. If one of this kind and project runs already, it is that one."""
        task = await self._record.begin(Task(f"task_{uuid4().hex}", kind, project_id, dry_run))
        await self._take(task)
        return task

    async def resume(self) -> None:
        """Take up every running task that nobody holds."""
        for task in await self._record.running():
            await self._take(task)

    async def close(self) -> None:
        """Stop. Another replica, or the next start, takes up what is under way."""
        self._closing.set()
        await asyncio.gather(*self._running.values())

    async def _take(self, task: Task) -> None:
        """Run a task unless somebody else does."""
        if task.id in self._running or task.id in self._taking:
            return
        self._taking.add(task.id)  # the record would let this replica take it twice
        try:
            if await self._record.take(task.id, self._holder, LEASE_S):
                running = self._running[task.id] = asyncio.create_task(self._run(task))
                running.add_done_callback(lambda _: self._running.pop(task.id, None))
        finally:
            self._taking.discard(task.id)

    async def _run(self, task: Task) -> None:
        progress = TaskProgress(replace(task, error=None))  # an error of an earlier run is over
        work = asyncio.ensure_future(self._work(progress))
        while not work.done() and not self._closing.is_set():
            await _first(HEARTBEAT_S, work, self._closing)
            with suppress(Unavailable):
                if not work.done() and not await self._tell(progress.told(), LEASE_S):
                    break
        await stopped(work)
        with suppress(Unavailable):  # if this fails, the lease lapses and the task runs again
            await self._tell(*_outcome(progress, work))

    async def _tell(self, task: Task, seconds: int) -> bool:
        return await self._record.tell(task, self._holder, seconds)


def _outcome(progress: TaskProgress, work: asyncio.Future[None]) -> tuple[Task, int]:
    """How a task stands after its work has ended, and for how many seconds to hold it still."""
    if work.cancelled():
        return progress.told(), 0
    error = work.exception()
    if error is None:
        return progress.told(state=State.DONE), 0
    if isinstance(error, Unavailable):
        log.warning("task %s waits: %s", progress.task.kind, error.message)
        return progress.told(error=error.message), error.retry_after
    if isinstance(error, Mem0gError):
        return progress.told(state=State.FAILED, error=error.message), 0
    log.error("task %s failed", progress.task.kind, exc_info=error)
    return progress.told(state=State.FAILED, error="internal error, see the log"), 0


async def _first(seconds: float, work: asyncio.Future[None], event: asyncio.Event) -> None:
    """Return when the work has ended, when the event is set, or after so many seconds."""
    waiting = asyncio.ensure_future(event.wait())
    either: set[asyncio.Future[Any]] = {work, waiting}
    await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
