"""A deadline and a circuit breaker. If a server is gone, one caller waits for it, not all of them.

The Weaviate client retries a lost server for a minute before it reports the loss.
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
    """A breaker is closed at first. An outage opens it. While it is open, calls fail at once with
    StoreUnavailable.

    After `pause_s` one call passes as a probe. If it succeeds, the breaker closes; if it fails, the
    breaker stays open for another pause. `outage` tells whether an error means that the server is
    gone or hangs. A call that outlives `deadline_s` is always an outage.
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
        """The result of `work()`. Raises StoreUnavailable if there is an outage or the breaker is
        open. Other errors of `work` pass as they are, and count as an answer."""
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
        """Whether this call is the probe of an open breaker. Raises StoreUnavailable if it may not
        pass."""
        if self._retry_at is None:
            return False
        if self._probing or time.monotonic() < self._retry_at:
            raise self._unavailable(f"{self._name} did not answer a moment ago")
        self._probing = True
        return True

    def _unavailable(self, message: str) -> StoreUnavailable:
        wait = max(0.0, (self._retry_at or 0.0) - time.monotonic())
        return StoreUnavailable(message, retry_after=max(1, math.ceil(wait)))
