"""Who may administer, and that asking again answers the task that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from config import Settings
from memory.domain.caller import Caller
from memory.domain.errors import Forbidden, NotFound
from memory.service.build import MemoryService
from tests.memory.upkeep import ADMIN, ended, filled, running
from tests.redis_server import RedisServer


@pytest.fixture
async def service(
    settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MemoryService]:
    async with running(settings, redis_server.url, monkeypatch) as service:
        yield service


async def test_asking_again_answers_the_task_that_runs(service: MemoryService) -> None:
    await filled(service)
    first, second = (
        await service.maintenance.verify(ADMIN, None),
        await service.maintenance.verify(ADMIN, None),
    )
    other = await service.maintenance.verify(ADMIN, "default")
    assert first.id == second.id != other.id
    await ended(service, first)
    await ended(service, other)
    third = await service.maintenance.verify(ADMIN, None)
    assert third.id != first.id
    await ended(service, third)
    assert [each.id for each in await service.maintenance.tasks(ADMIN)] == [
        third.id,
        other.id,
        first.id,
    ]


async def test_who_may_not_administer_and_what_is_not_there(service: MemoryService) -> None:
    with pytest.raises(Forbidden):
        await service.maintenance.verify(Caller("default", user_id="alice"), None)
    with pytest.raises(NotFound):
        await service.maintenance.verify(ADMIN, "nowhere")
    with pytest.raises(NotFound):
        await service.maintenance.task(ADMIN, "task_none")
