"""A deadline and a circuit breaker: a server that is gone costs one caller a wait, not all.

The Weaviate client by itself retries a lost server for a minute before it says so.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from memory.domain.errors import StoreUnavailable
from memory.ports.metrics import SILENT, Meter

T = TypeVar("T")


class Breaker:
    """Closed at first. An outage opens it; while open, calls fail at once with StoreUnavailable.

    After `pause_s` one call is let through as a probe: its success closes the breaker, its
    failure opens it for another pause. `outage` tells whether an error means that the server
    is gone or hanging; a call that outlives `deadline_s` always does.
    """

    def __init__(
        self,
        name: str,
        deadline_s: float,
        outage: Callable[[Exception], bool],
        pause_s: float = 1.0,
        meter: Meter = SILENT,
    ) -> None:
        self._name, self._meter = name, meter
        self._deadline_s = deadline_s
        self._outage = outage
        self._pause_s = pause_s
        self._retry_at: float | None = None
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._retry_at is None

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work()`. Raises StoreUnavailable for an outage and while open; other
        errors of `work` pass as they are and count as an answer."""
        probe = self._admit()
        try:
            async with asyncio.timeout(self._deadline_s):
                result = await work()
        except Exception as error:
            if isinstance(error, TimeoutError) or self._outage(error):
                self._retry_at = time.monotonic() + self._pause_s
                raise self._unavailable(f"{self._name} does not answer") from None
            self._retry_at = None
            raise
        else:
            self._retry_at = None
            return result
        finally:
            self._meter.gauge("breaker_open", float(not self.closed), breaker=self._name)
            if probe:
                self._probing = False

    def _admit(self) -> bool:
        """True where this call is the probe of an open breaker."""
        if self._retry_at is None:
            return False
        if self._probing or time.monotonic() < self._retry_at:
            raise self._unavailable(f"{self._name} did not answer a moment ago")
        self._probing = True
        return True

    def _unavailable(self, message: str) -> StoreUnavailable:
        wait = max(0.0, (self._retry_at or 0.0) - time.monotonic())
        return StoreUnavailable(message, retry_after=max(1, math.ceil(wait)))
