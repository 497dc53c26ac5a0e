"""A service on which upkeep is quick, and what its tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from config import Settings
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.memory import NewMemory, Scope
from memory.domain.results import Added
from memory.domain.tasks import State, Task
from memory.query.views import Query
from memory.service.build import MemoryService
from tests.service import started

ADMIN = Caller(DEFAULT_PROJECT)
WORDS = ["tea", "coffee", "oslo", "bergen", "piano", "violin", "hiking", "chess", "lisp", "poker"]


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for other replicas are short: tests have few, and look at them often."""
    monkeypatch.setattr("memory.context.projects.CACHE_LIFE_S", 0.1)
    monkeypatch.setattr("memory.maintenance.reindex.DRAINED_S", 0.25)
    monkeypatch.setattr("memory.maintenance.chores.DRAINED_S", 0.25)
    monkeypatch.setattr("memory.maintenance.task_runner.HEARTBEAT_S", 0.02)


@asynccontextmanager
async def running(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MemoryService]:
    quick(monkeypatch)
    service = await started(settings, redis_url)
    yield service
    await service.care.close()


async def ended(service: MemoryService, task: Task) -> Task:
    """The task once it has ended, and it must end well."""
    async with asyncio.timeout(60):
        while (found := await service.maintenance.task(ADMIN, task.id)).state is State.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert found.state is State.DONE, found
    return found


async def filled(
    service: MemoryService, users: int = 5, each: int = 12, caller: Caller = ADMIN
) -> dict[str, str]:
    """Contents of new memories by id; every user has as many."""
    drafts = [
        NewMemory(
            content=f"{WORDS[n % len(WORDS)]} {WORDS[(n + user) % len(WORDS)]} {user} {n}",
            scope=Scope(user_id=f"user-{user}"),
        )
        for user in range(users)
        for n in range(each)
    ]
    answers = await service.memories.add(caller, drafts)
    assert all(isinstance(answer, Added) for answer in answers)
    await service.care.settled()
    return {a.memory.id: a.memory.content for a in answers if isinstance(a, Added)}


async def found(service: MemoryService, users: int = 5) -> list[list[str]]:
    """What some searches answer, in order."""
    answers = []
    for user in range(users):
        for word in WORDS[:4]:
            scope = Scope(user_id=f"user-{user}")
            query = Query(text=word, scope=scope, limit=100, threshold=0.0)
            answers.append([hit.memory.id for hit in await service.search.find(ADMIN, query)])
    return answers


async def tenants(service: MemoryService) -> Sequence[str]:
    return await service.vectors.tenants(DEFAULT_PROJECT)


async def sound(service: MemoryService) -> None:
    """The index is the record, point by point."""
    await service.care.settled()
    task = await ended(service, await service.maintenance.verify(ADMIN, None, dry_run=True))
    assert task.report["differences"] == {}
