"""The queue of calls: each to one worker, again if nobody is heard of."""

from __future__ import annotations

import asyncio

from tests.graph_store.ground import Ground
from tests.graph_store.jobs.waiting import LEASE_S, called, note


async def test_a_call_that_nobody_is_heard_of_is_made_again(ground: Ground) -> None:
    await note(ground)
    (call,) = await called(ground)
    await asyncio.sleep(0.2)
    (again,) = await called(ground, patience_s=0.1)
    assert again == call
    await asyncio.sleep(0.2)
    await ground.graph.jobs.hold(call, "one", LEASE_S)
    assert await called(ground, patience_s=0.1) == []
    await ground.graph.calls.dismiss(call)
    await asyncio.sleep(0.2)
    assert await called(ground, patience_s=0.1) == []


async def test_a_call_that_is_put_off_comes_later_and_keeps_its_age(ground: Ground) -> None:
    await note(ground)
    (call,) = await called(ground)
    await ground.graph.calls.put_off(call, 0.2)
    assert await called(ground, patience_s=0) == []
    await asyncio.sleep(0.3)
    (later,) = await called(ground)
    assert (later.slot, later.job_id, later.at) == (call.slot, call.job_id, call.at)


async def test_calls_of_an_owner_that_are_put_off_become_one(ground: Ground) -> None:
    jobs = [await note(ground) for _ in range(5)]
    calls = await called(ground)
    assert {each.job_id for each in calls} == {each.id for each in jobs}
    for each in calls:
        await ground.graph.calls.put_off(each.of_any(), 0.05)
    await asyncio.sleep(0.1)
    (call,) = await called(ground)
    turn = await ground.graph.jobs.take(call, "one", LEASE_S)
    assert turn.job is not None
    assert turn.job.id == jobs[0].id
