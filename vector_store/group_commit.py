"""Lets concurrent writers of a tenant share one transaction, and so one wait for the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

from memory.ports.vector_store import Point


class GroupCommit:
    """Points that come in while a tenant is written to go together into its next write.

    `write(tenant, take)` runs in a thread. `take()` closes the group and returns its points.
    """

    def __init__(
        self, write: Callable[[str, Callable[[], Sequence[Point]]], Awaitable[None]]
    ) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._groups: dict[str, tuple[list[Point], asyncio.Future[None]]] = {}

    async def add(self, tenant: str, points: Sequence[Point]) -> None:
        """Return once these points are committed. Raises what the shared write raised."""
        with self._lock:
            group = self._groups.get(tenant)
            if group is None:
                task = asyncio.ensure_future(self._write(tenant, lambda: self._take(tenant)))
                group = self._groups[tenant] = ([], task)
                task.add_done_callback(lambda done: self._forget(tenant, done))
            group[0].extend(points)
        await asyncio.shield(group[1])

    def _take(self, tenant: str) -> Sequence[Point]:
        with self._lock:
            return self._groups.pop(tenant)[0]

    def _forget(self, tenant: str, done: asyncio.Future[None]) -> None:
        """Forget the group of a write that failed before it took the group: no later caller may
        join it."""
        with self._lock:
            if tenant in self._groups and self._groups[tenant][1] is done:
                del self._groups[tenant]
        if not done.cancelled():
            done.exception()  # its callers have it; if they are gone, asyncio would complain
