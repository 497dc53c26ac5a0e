"""What the service counts and measures, as a port: domain and adapters never know who exports it.

The names, with their tags and what they tell, are the catalogue of
deployments/observability/metrics.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from memory.domain.errors import Unavailable

T = TypeVar("T")


class Meter(Protocol):
    """Tags take few values each: a route, a store, a code; never an id, a user or a text.
    Methods never fail for a name of the catalogue, and may be called from any thread."""

    def count(self, name: str, value: float = 1, **tags: str) -> None:
        """`value` more happened; 0 is no news."""
        ...

    def observe(self, name: str, value: float, **tags: str) -> None:
        """One more of what is measured, this large or long (seconds)."""
        ...

    def gauge(self, name: str, value: float, **tags: str) -> None:
        """It stands at `value` now."""
        ...


class _Silent:
    def count(self, name: str, value: float = 1, **tags: str) -> None: ...

    def observe(self, name: str, value: float, **tags: str) -> None: ...

    def gauge(self, name: str, value: float, **tags: str) -> None: ...


SILENT: Meter = _Silent()
"""Where nobody listens."""


async def timed(meter: Meter, store: str, work: Awaitable[T]) -> T:
    """The result of one round trip to a store, with its seconds and outcome told to the meter."""

    def tell(seconds: float, outcome: str) -> None:
        meter.observe("store_seconds", seconds, store=store, outcome=outcome)

    return await measured(tell, work)


async def measured(tell: Callable[[float, str], None], work: Awaitable[T]) -> T:
    """The result of work; its seconds and its outcome are told, whatever comes of it."""
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
