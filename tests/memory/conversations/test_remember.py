"""Conversations are remembered once, and their jobs go with whom they name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.caller import Once
from memory.domain.conversation import Conversation, Said
from memory.domain.errors import IdempotencyMismatch, NotFound
from memory.domain.jobs import JobKind, JobState
from memory.domain.memory import Scope
from memory.service.build import MemoryService
from tests.memory.conversations.said import DEFAULT, events, memories, said


async def test_a_request_sent_again_has_the_same_job(service: MemoryService) -> None:
    once = replace(DEFAULT, once=Once("key", "digest"))
    jobs = [await service.jobs.remember(once, said("tea", "cake", infer=False)) for _ in range(3)]
    assert len({each.id for each in jobs}) == 1
    assert len({tuple(events(each)) for each in jobs}) == 1
    assert await memories(service) == ["tea", "cake"]
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 1
    with pytest.raises(IdempotencyMismatch):
        await service.jobs.remember(replace(DEFAULT, once=Once("key", "another")), said("milk"))
    forgotten = [
        await service.jobs.forget(
            replace(DEFAULT, once=Once("gone", "digest")), JobKind.DELETE_ALL, {"user_id": "alice"}
        )
        for _ in range(2)
    ]
    assert forgotten[0].id == forgotten[1].id
    assert forgotten[1].details["erased"] == 2


async def test_a_job_that_stored_nothing_goes_with_the_session_it_names(
    service: MemoryService,
) -> None:
    scope = Scope(user_id="alice", session_id="s9")
    messages = (Said("system", "Be kind."),)
    job = await service.jobs.remember(DEFAULT, Conversation(messages=messages, scope=scope))
    assert (await service.jobs.get(DEFAULT, job.id)).state is JobState.SUCCEEDED
    await service.erasures.erase(DEFAULT, Scope(session_id="s9"))
    with pytest.raises(NotFound):
        await service.jobs.get(DEFAULT, job.id)
