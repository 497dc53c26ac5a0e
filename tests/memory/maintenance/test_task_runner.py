"""The runner of tasks, over a book that lets anybody take them."""

from __future__ import annotations

import asyncio
from typing import Any

from memory.domain.errors import StoreUnavailable
from memory.domain.tasks import Kind, State, Task
from memory.maintenance.task_runner import TaskProgress, TaskRunner


class Book:
    """A task, and what was told of it."""

    def __init__(self) -> None:
        self.told: list[Task] = []

    async def begin(self, task: Task) -> Task:
        self.told.append(task)
        return task

    async def running(self) -> list[Task]:
        return [self.told[-1]] if self.told[-1].state is State.RUNNING else []

    async def take(self, task_id: str, holder: str, seconds: int) -> bool:
        await asyncio.sleep(0)
        return True

    async def tell(self, task: Task, holder: str, seconds: int) -> bool:
        self.told.append(task)
        return True


async def settled(upkeep: Any) -> None:
    await asyncio.gather(*upkeep._running.values())


async def test_a_task_that_is_started_and_taken_up_at_once_runs_once() -> None:
    runs = []

    async def work(progress: TaskProgress) -> None:
        runs.append(progress.task.id)

    book: Any = Book()
    upkeep = TaskRunner(book, work)
    book.told.append(Task("task_1", Kind.VERIFY, None))
    await asyncio.gather(upkeep.resume(), upkeep.resume(), upkeep.resume())
    await settled(upkeep)
    assert len(runs) == 1


async def test_what_a_task_waited_for_is_no_longer_its_error() -> None:
    outages = [StoreUnavailable("Redis does not answer")]

    async def work(progress: TaskProgress) -> None:
        if outages:
            raise outages.pop()

    book: Any = Book()
    upkeep = TaskRunner(book, work)
    await upkeep.start(Kind.VERIFY, None)
    await settled(upkeep)
    assert book.told[-1].error == "Redis does not answer"
    await upkeep.resume()
    await settled(upkeep)
    assert (book.told[-1].state, book.told[-1].error) == (State.DONE, None)
