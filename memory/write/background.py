"""Writes that are finished once they were begun, whoever asked for them goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class BegunWrites:
    def __init__(self) -> None:
        self.under_way: set[asyncio.Future[Any]] = set()
        """Nothing else keeps a task alive that nobody awaits."""

    async def finish(self, write: Awaitable[T]) -> T:
        task = asyncio.ensure_future(write)
        self.under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, write: asyncio.Future[Any]) -> None:
        self.under_way.discard(write)
        if not write.cancelled():
            write.exception()  # its caller may be gone; asyncio would complain
