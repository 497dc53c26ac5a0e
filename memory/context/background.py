"""Work in the background of a process. It goes on even if its caller goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# A call under way may swallow a cancellation. It is cancelled again after this time.
_CANCEL_AGAIN_S = 1.0


class Background:
    """Keeps tasks alive that nobody awaits. If a task fails, `failed` gets the error."""

    def __init__(self, failed: Callable[[BaseException], None] = lambda _: None) -> None:
        self._failed = failed
        self.under_way: set[asyncio.Future[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin work. The caller may await the task, or leave it."""
        task = asyncio.create_task(work)
        self._keep(task)
        return task

    async def finish(self, work: Awaitable[T]) -> T:
        """The result of work that is carried to its end, even if this call is cancelled."""
        task = asyncio.ensure_future(work)
        self._keep(task)
        return await asyncio.shield(task)

    async def ended(self) -> None:
        """Return as soon as nothing is under way."""
        while self.under_way:
            await asyncio.wait({*self.under_way})

    async def cancel(self) -> None:
        """Stop everything that is under way."""
        while self.under_way:
            await _cancel({*self.under_way})

    def _keep(self, task: asyncio.Future[Any]) -> None:
        self.under_way.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Future[Any]) -> None:
        self.under_way.discard(task)
        # The error is always asked for: asyncio complains of an error that nobody saw.
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)


async def stopped(task: asyncio.Future[Any]) -> None:
    """Cancel a task, and return as soon as it has ended."""
    while not task.done():
        await _cancel({task})


async def _cancel(tasks: set[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_CANCEL_AGAIN_S)
