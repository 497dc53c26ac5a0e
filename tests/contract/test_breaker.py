"""A server that is gone costs one caller a wait; everybody else is told at once."""

from __future__ import annotations

import asyncio

import pytest

from memory.domain.errors import StoreUnavailable
from vector_store.breaker import Breaker


def breaker(pause_s: float = 60.0, deadline_s: float = 5.0) -> Breaker:
    return Breaker("store", deadline_s, lambda error: isinstance(error, OSError), pause_s)


async def answer() -> str:
    return "answer"


async def lost() -> str:
    raise OSError("gone")


async def refused() -> str:
    raise KeyError("refused")


async def never() -> str:
    await asyncio.Event().wait()
    return "never"


async def test_an_outage_opens_it_and_nothing_is_called_while_open() -> None:
    guarded = breaker()
    assert await guarded.call(answer) == "answer"
    with pytest.raises(StoreUnavailable) as first:
        await guarded.call(lost)
    assert first.value.retry_after == 60
    assert not guarded.closed
    with pytest.raises(StoreUnavailable):
        await guarded.call(answer)


async def test_a_call_past_the_deadline_is_an_outage() -> None:
    guarded = breaker(deadline_s=0.01)
    with pytest.raises(StoreUnavailable):
        await guarded.call(never)
    assert not guarded.closed


async def test_a_refusal_is_an_answer() -> None:
    guarded = breaker()
    with pytest.raises(KeyError):
        await guarded.call(refused)
    assert guarded.closed


@pytest.mark.parametrize("works", [True, False])
async def test_after_the_pause_one_probe_decides(works: bool) -> None:
    guarded = breaker(pause_s=0)
    with pytest.raises(StoreUnavailable):
        await guarded.call(lost)
    release = asyncio.Event()

    async def probe() -> str:
        await release.wait()
        return await (answer() if works else lost())

    probing = asyncio.create_task(guarded.call(probe))
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable):
        await guarded.call(answer)
    release.set()
    if works:
        assert await probing == "answer"
    else:
        with pytest.raises(StoreUnavailable):
            await probing
    assert guarded.closed is works


async def test_a_cancelled_probe_lets_the_next_one_through() -> None:
    guarded = breaker(pause_s=0)
    with pytest.raises(StoreUnavailable):
        await guarded.call(lost)
    probing = asyncio.create_task(guarded.call(never))
    await asyncio.sleep(0)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    assert await guarded.call(answer) == "answer"
    assert guarded.closed
