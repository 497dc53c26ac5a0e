"""Work in the background: it goes on whoever asked for it, and its end is seen."""

from __future__ import annotations

import asyncio

import pytest

from memory.context.background import Background, stopped


async def test_work_is_finished_though_its_caller_is_cancelled() -> None:
    background, gate = Background(), asyncio.Event()
    done: list[int] = []

    async def work() -> int:
        await gate.wait()
        done.append(1)
        return 1

    caller = asyncio.create_task(background.finish(work()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert (done, len(background.under_way)) == ([], 1)
    gate.set()
    await background.ended()
    assert (done, background.under_way) == ([1], set())


async def test_who_waits_has_the_result_and_the_error() -> None:
    failures: list[BaseException] = []
    background = Background(failures.append)

    async def fails() -> None:
        raise ZeroDivisionError

    async def succeeds() -> int:
        return 7

    assert await background.finish(succeeds()) == 7
    assert await background.start(succeeds()) == 7
    with pytest.raises(ZeroDivisionError):
        await background.finish(fails())
    background.start(fails())
    await background.ended()
    assert [type(each) for each in failures] == [ZeroDivisionError] * 2


async def test_what_is_cancelled_has_ended_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call of a library may swallow a cancellation."""
    monkeypatch.setattr("memory.context.background._CANCEL_AGAIN_S", 0.01)
    failures: list[BaseException] = []
    background = Background(failures.append)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(60)

    async def begun_at_the_end() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            background.start(asyncio.sleep(60))

    for work in (stubborn(), begun_at_the_end()):
        background.start(work)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await background.cancel()
    assert (background.under_way, failures, swallowed) == (set(), [], 2)


async def test_stopping_a_task_waits_for_its_end() -> None:
    ends: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            ends.append("cleaned up")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await stopped(task)
    assert ends == ["cleaned up"]
    await stopped(task)  # one that has ended is none to wait for
    assert task.cancelled()
