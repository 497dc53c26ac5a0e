"""Round trips to stores, with how long they took and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import pytest

from memory.domain.errors import NotFound, StoreUnavailable
from memory.ports.metrics import SILENT, measured, timed
from tests.recording_meter import RecordingMeter


async def ends(error: BaseException | None) -> int:
    if error is not None:
        raise error
    return 7


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (StoreUnavailable("down"), "unavailable"),
        (NotFound("gone"), "failed"),
        (ZeroDivisionError(), "failed"),
        (asyncio.CancelledError(), "abandoned"),
    ],
)
async def test_whatever_comes_of_a_round_trip_is_told(
    error: BaseException | None, outcome: str
) -> None:
    meter = RecordingMeter()
    if error is None:
        assert await timed(meter, "redis", ends(None)) == 7
    else:
        with pytest.raises(type(error)):
            await timed(meter, "redis", ends(error))
    (seconds,) = meter.seen("store_seconds", store="redis", outcome=outcome)
    assert 0 <= seconds < 1
    assert len(meter.observed) == 1


async def test_the_time_is_that_of_the_work() -> None:
    told: list[float] = []
    work: Awaitable[None] = asyncio.sleep(0.05)
    await measured(lambda seconds, outcome: told.append(seconds), work)
    with suppress(ZeroDivisionError):
        await measured(lambda seconds, outcome: told.append(seconds), ends(ZeroDivisionError()))
    assert told[0] >= 0.04 > told[1]
    assert await timed(SILENT, "redis", ends(None)) == 7
