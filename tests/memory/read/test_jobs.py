"""Jobs as their callers see them."""

from __future__ import annotations

import pytest

from memory.domain.errors import Forbidden, NotFound
from memory.domain.jobs import JobKind, JobState
from memory.domain.memory import Scope
from memory.service.build import MemoryService
from tests.memory.conversations.said import BOB, BOUND, DEFAULT, said


async def test_jobs_are_listed_newest_first_with_what_their_memories_are_now(
    service: MemoryService,
) -> None:
    jobs = [await service.jobs.remember(DEFAULT, said(text)) for text in ("one", "two", "three")]
    page = await service.jobs.page(DEFAULT, 1, 5)
    assert page.count == 3
    assert [each.id for each in page.jobs] == [jobs[1].id, jobs[0].id]
    await service.memories.erase(DEFAULT, jobs[0].outcomes[0].memory_id)
    (outcome,) = (await service.jobs.get(DEFAULT, jobs[0].id)).outcomes
    assert (outcome.event, outcome.memory) == ("ADD", None)


@pytest.mark.parametrize("job_id", ["", "x", "0" * 36, f"{'9' * 8}-1111-8111-9111-{'1' * 12}"])
async def test_there_is_no_job_of_an_id_that_was_never_given_out(
    service: MemoryService, job_id: str
) -> None:
    with pytest.raises(NotFound):
        await service.jobs.get(DEFAULT, job_id)


async def test_a_key_for_one_user_sees_the_jobs_of_that_user(service: MemoryService) -> None:
    own = await service.jobs.remember(BOUND, said("tea", scope=Scope(agent_id="guide")))
    assert own.outcomes[0].memory is not None
    assert own.outcomes[0].memory.scope == Scope(user_id="alice", agent_id="guide")
    gone = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, {"user_id": "bob"})
    others = await service.jobs.remember(DEFAULT, said("skis", scope=BOB))
    with pytest.raises(Forbidden):
        await service.jobs.remember(BOUND, said("x", scope=BOB))
    for job in (others, gone):
        with pytest.raises(NotFound):
            await service.jobs.get(BOUND, job.id)
    asked = await service.jobs.forget(BOUND, JobKind.DELETE_ALL, {"agent_id": "guide"})
    assert (asked.state, asked.details) == (JobState.SUCCEEDED, {"erased": 1})
    page = await service.jobs.page(BOUND, 0, 10)
    assert (page.count, [each.id for each in page.jobs]) == (2, [asked.id, own.id])
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 4
