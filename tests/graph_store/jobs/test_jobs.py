"""Jobs: kept, handed out to one worker at a time, ended once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from memory.domain.errors import Overloaded
from memory.domain.idempotency import Answer, Operation
from memory.domain.ids import mint
from memory.domain.jobs import Assignment, Ending, JobState
from memory.domain.memory import Memory
from memory.domain.transaction import PutMemory, Transaction
from tests.graph_store.ground import Ground
from tests.graph_store.jobs.waiting import LEASE_S, a_job, called, note


async def reread(ground: Ground, job: Assignment) -> Assignment:
    return (await ground.graph.jobs.read("p1", [job.id]))[job.id]


async def whole(ground: Ground, job: Assignment) -> Assignment:
    """With request and plan, which no read gives: the job that stands where one is noted again."""
    return await ground.graph.jobs.note("p1", replace(job, state=JobState.SUCCEEDED))


async def test_a_job_is_kept_as_it_was_given_and_the_first_of_an_id_stands(ground: Ground) -> None:
    ending = Ending((("ADD", "mem_1"),), ("rel_1",), {"inference": "none"})
    job = a_job(ground, state=JobState.SUCCEEDED, bound="f" * 15, ending=ending, request=None)
    kept = await ground.graph.jobs.note("p1", job)
    assert (kept.ending, kept.bound, kept.scope) == (ending, "f" * 15, ground.scope)
    assert kept.completed_at
    assert kept.created_at == kept.updated_at
    again = replace(job, ending=Ending(), bound=None)
    assert await ground.graph.jobs.note("p1", again) == kept
    assert await reread(ground, job) == kept
    assert await called(ground) == []


async def test_a_waiting_job_goes_to_one_worker_until_its_lease_lapses(ground: Ground) -> None:
    job = await note(ground)
    (call,) = await called(ground)
    assert (call.slot, call.job_id) == (ground.slot, job.id)
    assert await called(ground) == []
    turn = await ground.graph.jobs.take(call, "one", LEASE_S)
    assert turn.job is not None
    assert (turn.job.id, turn.job.state, turn.job.attempts) == (job.id, JobState.RUNNING, 1)
    assert turn.job.request == {"said": "zanzibar"}
    again = await ground.graph.jobs.take(call, "one", 1)  # its answer may have been lost
    assert again.job is not None
    assert again.job.attempts == 1
    other = await ground.graph.jobs.take(call, "other", LEASE_S)
    assert other.job is None
    assert other.wait_s is not None
    assert 0 < other.wait_s <= 1
    await asyncio.sleep(1.1)
    turn = await ground.graph.jobs.take(call, "other", LEASE_S)
    assert turn.job is not None
    assert turn.job.attempts == 2
    assert not await ground.graph.jobs.hold(call, "one", LEASE_S)
    assert await ground.graph.jobs.hold(call, "other", LEASE_S)
    assert not await ground.graph.jobs.end(turn.job, "one", Ending())
    assert await ground.graph.jobs.plan(turn.job, "one", {"a": 1}) is None


async def test_the_first_plan_stands(ground: Ground) -> None:
    await note(ground)
    (call,) = await called(ground)
    job = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
    assert job is not None
    assert await ground.graph.jobs.plan(job, "one", {"facts": [1]}) == {"facts": [1]}
    assert await ground.graph.jobs.plan(job, "one", {"facts": [2]}) == {"facts": [1]}
    assert (await whole(ground, job)).plan == {"facts": [1]}


async def test_a_job_that_ends_keeps_nothing_of_what_was_said(ground: Ground) -> None:
    for error, state in ((None, JobState.SUCCEEDED), ("no answer", JobState.FAILED)):
        await note(ground)
        (call,) = await called(ground)
        job = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
        assert job is not None
        await ground.graph.jobs.plan(job, "one", {"facts": ["zanzibar"]})
        ending = Ending((("ADD", "mem_1"),), (), {"x": 1})
        at = await ground.graph.jobs.end(job, "one", ending, error)
        assert await ground.graph.jobs.end(job, "one", ending, error) is None
        assert not await ground.graph.jobs.put_off(job, "one", 1, "late", counts=True)
        kept = await whole(ground, job)
        assert kept.completed_at == at
        assert (kept.state, kept.error, kept.ending) == (state, error, ending)
        assert (kept.request, kept.plan) == (None, None)
        assert kept.completed_at
        turn = await ground.graph.jobs.take(call, "one", LEASE_S)
        assert (turn.job, turn.wait_s, turn.missing) == (None, None, False)
        await ground.graph.calls.dismiss(call)


async def test_a_job_that_is_put_off_waits_and_those_behind_it_wait_too(ground: Ground) -> None:
    first, second = await note(ground), await note(ground)
    call, _ = await called(ground)
    for counts, attempts in ((False, 0), (True, 1)):
        job = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
        assert job is not None
        assert job.id == first.id
        assert not await ground.graph.jobs.put_off(job, "other", 0.3, "no answer", counts)
        assert await ground.graph.jobs.put_off(job, "one", 0.3, "no answer", counts)
        kept = await reread(ground, first)
        assert (kept.state, kept.attempts, kept.error) == (
            JobState.PENDING, attempts, "no answer",
        )  # fmt: skip
        turn = await ground.graph.jobs.take(call, "one", LEASE_S)
        assert turn.job is None
        assert turn.wait_s is not None
        assert 0 < turn.wait_s <= 0.3
        await asyncio.sleep(0.4)
    job = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
    assert job is not None
    await ground.graph.jobs.end(job, "one", Ending())
    job = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
    assert job is not None
    assert job.id == second.id


async def test_a_forgotten_job_is_gone_in_whatever_hands_it_is(ground: Ground) -> None:
    job = await note(ground)
    other = await note(ground)
    (call, _) = await called(ground)
    taken = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
    assert taken is not None
    assert {each.id for each in await ground.graph.jobs.of_owner(ground.slot)} == {job.id, other.id}
    await ground.graph.jobs.forget("p1", [taken])
    assert await ground.graph.jobs.read("p1", [job.id]) == {}
    assert await ground.graph.jobs.plan(taken, "one", {}) is None
    assert not await ground.graph.jobs.end(taken, "one", Ending())
    assert await ground.graph.jobs.read("p1", [job.id]) == {}
    count, page = await ground.graph.jobs.page("p1", 0, 10)
    assert (count, [each.id for each in page]) == (1, [other.id])


async def test_a_commit_of_a_job_counts_only_while_it_is_under_way(ground: Ground) -> None:
    job = await note(ground)
    (call,) = await called(ground)

    async def commit(name: str) -> bool:
        memory = Memory(id=mint("mem", ground.owner_hash), content=name, scope=ground.scope)
        now = (await ground.graph.memories.instant([ground.slot])).now
        operation = Operation(name, "digest", job=job.id)
        transaction = Transaction(ground.slot, now, [PutMemory(memory)])
        (done,) = await ground.graph.commits.commit(
            [transaction.once(operation, Answer(memory.id))]
        )
        return done is not None

    assert not await commit("before")
    taken = (await ground.graph.jobs.take(call, "one", LEASE_S)).job
    assert taken is not None
    assert await commit("while")
    await ground.graph.jobs.end(taken, "one", Ending())
    assert not await commit("after")
    assert await commit("while")  # it was committed, and that is answered


async def test_jobs_are_listed_newest_first_and_lapsed_ones_go(ground: Ground) -> None:
    jobs = [await note(ground, state=JobState.SUCCEEDED, request=None) for _ in range(5)]
    count, page = await ground.graph.jobs.page("p1", 1, 2)
    assert (count, [each.id for each in page]) == (5, [jobs[3].id, jobs[2].id])
    assert await ground.graph.jobs.page("p2", 0, 10) == (0, [])
    assert await ground.graph.jobs.read("p2", [jobs[0].id]) == {}


@pytest.mark.parametrize("job_id", ["", "x", "0" * 36])
async def test_an_id_of_no_job_has_none(ground: Ground, job_id: str) -> None:
    assert await ground.graph.jobs.read("p1", [job_id]) == {}


async def test_all_of_a_project_goes_with_it(ground: Ground) -> None:
    job = await note(ground)
    await ground.graph.projects.leave("p1", False, "task")
    await ground.graph.projects.clear("p1")
    assert await ground.graph.jobs.read("p1", [job.id]) == {}
    assert (await ground.graph.jobs.page("p1", 0, 10))[0] == 0
    (call,) = await called(ground)
    assert (await ground.graph.jobs.take(call, "one", LEASE_S)).missing


async def test_no_more_than_so_many_of_an_owner_wait(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph_store.jobs.jobs._MOST_WAITING", 2)
    first, _ = [await note(ground) for _ in range(2)]
    with pytest.raises(Overloaded):
        await note(ground)
    await note(ground, state=JobState.SUCCEEDED, request=None)  # nothing of it waits
    assert (await ground.graph.jobs.note("p1", first)).id == first.id  # sent again
    (call, *_) = await called(ground)
    await ground.graph.jobs.take(call, "one", LEASE_S)
    assert await ground.graph.jobs.end(first, "one", Ending())
    await note(ground)


async def test_reads_leave_what_was_said_where_it_is(ground: Ground) -> None:
    job = await note(ground)
    (read,) = await ground.graph.jobs.of_owner(ground.slot)
    assert (read.id, read.scope, read.request) == (job.id, ground.scope, None)
    count, (listed,) = await ground.graph.jobs.page("p1", 0, 10)
    assert (count, listed.id, listed.request) == (1, job.id, None)
    assert (await reread(ground, job)).request is None


async def test_an_owners_listing_lapses_with_its_jobs(ground: Ground) -> None:
    await note(ground, state=JobState.SUCCEEDED, request=None)
    graph: Any = ground.graph
    assert await graph._redis.one("TTL", f"mg:{{{ground.slot}}}:js") > 0
