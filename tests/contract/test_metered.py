"""What the ways to the stores tell a meter."""

from __future__ import annotations

import asyncio

import pytest

from memory.domain.errors import StoreUnavailable
from memory.ports.metrics import timed
from tests.recording_meter import RecordingMeter
from vector_store.breaker import Breaker


async def test_a_breaker_tells_when_it_opens_and_closes() -> None:
    meter = RecordingMeter()
    breaker = Breaker("weaviate", 1, lambda error: isinstance(error, OSError), 0.0, meter)

    async def fail() -> None:
        raise OSError

    with pytest.raises(StoreUnavailable):
        await breaker.call(fail)
    assert meter.stands_at("breaker_open", breaker="weaviate") == 1
    await breaker.call(lambda: asyncio.sleep(0))
    assert meter.stands_at("breaker_open", breaker="weaviate") == 0


async def test_a_round_trip_has_one_of_four_outcomes() -> None:
    meter = RecordingMeter()

    async def end(error: Exception | None) -> str:
        if error:
            raise error
        return "an answer"

    assert await timed(meter, "redis", end(None)) == "an answer"
    with pytest.raises(StoreUnavailable):
        await timed(meter, "redis", end(StoreUnavailable("down")))
    with pytest.raises(KeyError):
        await timed(meter, "redis", end(KeyError("wrong")))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await timed(meter, "redis", asyncio.sleep(10))
    for outcome in ("ok", "unavailable", "failed", "abandoned"):
        assert len(meter.seen("store_seconds", store="redis", outcome=outcome)) == 1
