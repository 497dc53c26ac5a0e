"""Memories are forgotten by filters: who may ask for it, and what takes longer than an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from memory.domain.errors import Forbidden, ScopeRequired, StoreUnavailable
from memory.domain.jobs import JobKind, JobState
from memory.service.build import MemoryService
from tests.memory.conversations.said import ALICE, BOB, BOUND, DEFAULT, memories, stored


@pytest.mark.parametrize(
    "filters", [{}, {"categories": ["x"]}, {"NOT": {"user_id": "alice"}}, {"user_id": {"ne": "x"}}]
)
async def test_filters_that_name_nobody_forget_nothing(
    service: MemoryService, filters: dict[str, Any]
) -> None:
    await stored(service, "tea", ALICE)
    with pytest.raises(ScopeRequired):
        await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, filters)
    assert await memories(service) == ["tea"]
    assert (await service.jobs.page(DEFAULT, 0, 10)).count == 0


async def test_a_key_for_one_user_forgets_no_one_elses(service: MemoryService) -> None:
    await stored(service, "skis", BOB)
    with pytest.raises(Forbidden):
        await service.jobs.forget(BOUND, JobKind.DELETE_ALL, {"user_id": "bob"})
    await stored(service, "tea", ALICE)
    await service.jobs.forget(BOUND, JobKind.DELETE_ALL, {"user_id": "*"})
    assert (await memories(service), await memories(service, BOB)) == ([], ["skis"])


async def test_who_is_unknown_is_forgotten_at_once(service: MemoryService) -> None:
    job = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, {"user_id": "nobody"})
    assert (job.state, job.details["erased"]) == (JobState.SUCCEEDED, 0)


async def test_what_takes_longer_goes_on_behind_the_answer(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.jobs.forget._SHARE_OF_DEADLINE", 0.001)
    monkeypatch.setattr("memory.jobs.workers.OUTAGE_S", 0.01)
    monkeypatch.setattr("memory.jobs.workers._SHORTLY_S", 0.01)
    await stored(service, "tea", ALICE)
    vectors: Any = service.vectors
    inner = vectors.check

    async def down() -> None:
        raise StoreUnavailable("the vector store is down")

    monkeypatch.setattr(vectors, "check", down)
    job = await service.jobs.forget(DEFAULT, JobKind.DELETE_ALL, {"user_id": "alice"})
    assert not job.state.ended
    await service.care.worked()
    assert (await service.jobs.get(DEFAULT, job.id)).error == "the vector store is down"
    monkeypatch.setattr(vectors, "check", inner)
    async with asyncio.timeout(10):
        while not job.state.ended:
            await service.care.work()
            await service.care.worked()
            job = await service.jobs.get(DEFAULT, job.id)
            await asyncio.sleep(0.01)
    assert job.state is JobState.SUCCEEDED
    assert await memories(service) == []
