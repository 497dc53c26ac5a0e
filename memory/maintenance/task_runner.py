"""Runs tasks in the background of a replica, and takes up those of replicas that are gone."""

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
# A task that was not heard of for so long is another replica's to take.
LEASE_S = 15


@dataclass(slots=True)
class Progress:
    """How far a task has come; the runner tells it with every heartbeat."""

    task: Task
    done: int = 0
    total: int = 0
    report: dict[str, Any] = field(default_factory=dict)

    def told(self, **changes: Any) -> Task:
        return replace(
            self.task, done=self.done, total=self.total, report=dict(self.report), **changes
        )


Work = Callable[[Progress], Awaitable[None]]


class TaskRunner:
    """`work` does what a task is for, always from the start."""

    def __init__(self, record: TaskRecord, work: Work) -> None:
        self._record, self._work = record, work
        self._holder = uuid4().hex
        self._running: dict[str, asyncio.Task[None]] = {}
        self._taking: set[str] = set()
        self._closing = asyncio.Event()

    async def start(self, kind: Kind, project_id: str | None, dry_run: bool = False) -> Task:
        """A new task, under way; or the one of this kind and project that runs already."""
        task = await self._record.begin(Task(f"task_{uuid4().hex}", kind, project_id, dry_run))
        await self._take(task)
        return task

    async def resume(self) -> None:
        """Take up every running task that nobody holds."""
        for task in await self._record.running():
            await self._take(task)

    async def close(self) -> None:
        """Stop, and leave what is under way to another replica or the next start."""
        self._closing.set()
        await asyncio.gather(*self._running.values())

    async def _take(self, task: Task) -> None:
        if task.id in self._running or task.id in self._taking:
            return
        self._taking.add(task.id)  # the record lets the same holder take it twice
        try:
            if await self._record.take(task.id, self._holder, LEASE_S):
                running = self._running[task.id] = asyncio.create_task(self._run(task))
                running.add_done_callback(lambda _: self._running.pop(task.id, None))
        finally:
            self._taking.discard(task.id)

    async def _run(self, task: Task) -> None:
        progress = Progress(replace(task, error=None))  # what it once waited for is over
        work = asyncio.ensure_future(self._work(progress))
        while not work.done() and not self._closing.is_set():
            await _first(HEARTBEAT_S, work, self._closing)
            with suppress(Unavailable):
                if not work.done() and not await self._tell(progress.told(), LEASE_S):
                    break
        await stopped(work)
        with suppress(Unavailable):  # then it runs out, and is taken up again
            await self._tell(*_outcome(progress, work))

    async def _tell(self, task: Task, seconds: int) -> bool:
        return await self._record.tell(task, self._holder, seconds)


def _outcome(progress: Progress, work: asyncio.Future[None]) -> tuple[Task, int]:
    """How the task stands now that its work has ended, and for how long to hold it yet."""
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
    """Return when the work has ended or the event is set, at the latest after so long."""
    waiting = asyncio.ensure_future(event.wait())
    either: set[asyncio.Future[Any]] = {work, waiting}
    await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
