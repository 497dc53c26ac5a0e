"""Repair: who does it, what it leaves alone, and what an operator sees of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from config import Settings
from memory.domain.errors import StoreUnavailable
from memory.service.build import MemoryService
from tests.memory.given import ALICE, BOB, stored
from tests.recording_meter import RecordingMeter
from tests.redis_server import RedisServer
from tests.service import started


@pytest.fixture
def meter() -> RecordingMeter:
    return RecordingMeter()


@pytest.fixture
async def service(
    settings: Settings, redis_server: RedisServer, meter: RecordingMeter
) -> AsyncIterator[MemoryService]:
    service = await started(settings, redis_server.url, meter=meter)
    yield service
    await service.care.close()


async def cut(service: MemoryService, *contents: str) -> None:
    """Adds that are recorded and never come into the index."""
    with pytest.MonkeyPatch.context() as patch:

        async def broken(*_: object) -> None:
            raise StoreUnavailable("down")

        patch.setattr(service.vectors, "upsert", broken)
        for number, content in enumerate(contents):
            with pytest.raises(StoreUnavailable):
                await stored(service, content, (ALICE, BOB)[number % 2])


async def test_what_is_young_is_left_to_the_request_that_writes_it(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cut(service, "likes tea")
    assert await service.care.repair() == 0
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    assert await service.care.repair() == 1
    assert await service.care.repair() == 0


async def test_an_owner_that_another_process_repairs_is_left_to_it(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    await cut(service, "likes tea", "likes skis")
    project = await service.project()
    lease = f"repair:{project.slot(project.owner_hash(ALICE.owner))}"
    assert await service.record.leases.take(lease, "another process", 60)
    assert await service.care.repair() == 1
    await service.record.leases.release(lease, "another process")
    assert await service.care.repair() == 1


async def test_an_operator_sees_how_many_owners_wait_and_for_how_long(
    service: MemoryService, meter: RecordingMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    await cut(service, "likes tea", "likes skis", "likes milk")
    await service.care.repair()
    assert meter.stands_at("outbox_owners") == 2
    assert 0 < meter.stands_at("outbox_oldest_seconds") < 60
    assert meter.counted("memories_repaired") == 3
    await service.care.repair()
    assert meter.stands_at("outbox_owners") == 0
    assert meter.stands_at("outbox_oldest_seconds") == 0


async def test_a_store_that_is_down_keeps_what_waits(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    await cut(service, "likes tea")
    with monkeypatch.context() as patch:

        async def down() -> None:
            raise StoreUnavailable("down")

        patch.setattr(service.vectors, "check", down)
        assert await service.care.repair() == 0
    assert await service.care.repair() == 1


async def test_what_a_project_left_behind_when_it_went_is_no_longer_looked_at(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    await cut(service, "likes tea")

    async def gone(project_ids: object) -> dict[str, int]:
        return {}

    monkeypatch.setattr(service.record.projects, "epochs", gone)
    assert len(await service.record.outbox.dirty(-1)) == 1
    assert await service.care.repair() == 0
    assert await service.record.outbox.dirty(-1) == []
