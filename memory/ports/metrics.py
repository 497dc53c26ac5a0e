"""What the service counts and measures. The domain and the adapters do not know who exports it.

The catalogue in deployments/observability/metrics.py has the names, their tags and what they tell.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from memory.domain.errors import Unavailable

T = TypeVar("T")


class Meter(Protocol):
    """A tag takes few values: a route, a store or a code. It never holds an id, a user or a text.
    Methods never fail for a name in the catalogue. They may be called from any thread."""

    def count(self, name: str, value: float = 1, **tags: str) -> None:
        """Add `value` to a counter. Adding 0 changes nothing."""
        ...

    def observe(self, name: str, value: float, **tags: str) -> None:
        """Add one measurement: a size, or a time in seconds."""
        ...

    def gauge(self, name: str, value: float, **tags: str) -> None:
        """Say that a gauge is at `value` now."""
        ...


class _Silent:
    def count(self, name: str, value: float = 1, **tags: str) -> None: ...

    def observe(self, name: str, value: float, **tags: str) -> None: ...

    def gauge(self, name: str, value: float, **tags: str) -> None: ...


# For when nobody listens.
SILENT: Meter = _Silent()


async def timed(meter: Meter, store: str, work: Awaitable[T]) -> T:
    """The result of one round trip to a store. The meter is told its seconds and its outcome."""

    def tell(seconds: float, outcome: str) -> None:
        meter.observe("store_seconds", seconds, store=store, outcome=outcome)

    return await measured(tell, work)


async def measured(tell: Callable[[float, str], None], work: Awaitable[T]) -> T:
    """The result of work. `tell` gets its seconds and its outcome, even if the work fails."""
    begun, outcome = time.perf_counter(), "failed"
    try:
        result = await work
        outcome = "ok"
        return result
    except asyncio.CancelledError:
        outcome = "abandoned"
        raise
    except Unavailable:
        outcome = "unavailable"
        raise
    finally:
        tell(time.perf_counter() - begun, outcome)
