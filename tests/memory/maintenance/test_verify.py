"""What verify finds between the record and its index, and that it mends all of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import redis as redis_client

from config import Settings
from memory.domain.ids import mint, owner_hash_of
from memory.domain.memory import Correction, NewEdge, NewMemory, Scope
from memory.domain.tasks import State
from memory.index.points import Points
from memory.ports.vector_store import Point, Retraction
from memory.service.build import MemoryService
from tests.memory.upkeep import ADMIN, ended, filled, found, running, tenants
from tests.redis_server import RedisServer
from tests.service import started
from tests.word_embedder import WordEmbedder


@pytest.fixture
async def service(
    settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MemoryService]:
    async with running(settings, redis_server.url, monkeypatch) as service:
        yield service


@pytest.fixture
def record(redis_server: RedisServer) -> redis_client.Redis:
    return redis_client.Redis(port=redis_server.port, decode_responses=True)


async def differences(service: MemoryService, dry_run: bool = False) -> dict[str, int]:
    """Counts of what verify finds."""
    task = await ended(service, await service.maintenance.verify(ADMIN, None, dry_run))
    report = task.report["differences"]
    for each in report.values():
        assert each["mended"] == (0 if dry_run else each["found"])
        assert 0 < len(each["examples"]) <= 20
    return {kind: each["found"] for kind, each in report.items()}


async def test_nothing_differs_after_ordinary_use(service: MemoryService) -> None:
    ids = list(await filled(service))
    for memory_id in ids[::3]:
        await service.memories.correct(ADMIN, memory_id, Correction(metadata={"seen": True}))
    for memory_id in ids[1::4]:
        await service.memories.erase(ADMIN, memory_id)
    assert await differences(service) == {}


async def test_a_tenth_lost_on_each_side_is_found_exactly_and_mended(
    service: MemoryService, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    ids = list(await filled(service, users=8, each=25))
    corrected = chance.sample(ids, 40)
    for memory_id in corrected:
        await service.memories.correct(ADMIN, memory_id, Correction(metadata={"seen": True}))
    await service.care.settled()
    (tenant,) = await tenants(service)
    before = await found(service)

    left = [each for each in ids if each not in corrected]
    unindexed, unrecorded, strangers = left[:20], left[20:40], left[40:45]
    await service.vectors.erase(tenant, unindexed)
    points = await points_of(service, strangers)
    for memory_id in strangers:
        await service.memories.erase(ADMIN, memory_id)
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    await service.care.repair()  # what is in the outbox is not looked at
    await service.vectors.upsert(tenant, points)
    wrong = [Retraction(each, 1, 5) for each in corrected[:7]]
    await service.vectors.retract(tenant, wrong)
    for memory_id in unrecorded:
        keys = [
            f"mg:{{default.{owner_hash_of(memory_id)}}}:{kind}:{memory_id}" for kind in ("m", "mv")
        ]
        record.delete(*keys)

    expected = {
        "missing_points": 20,
        "unknown_points": 25,
        "wrong_retractions": 7,
        "places_without_record": 20,
    }
    assert await differences(service, dry_run=True) == expected
    assert await differences(service, dry_run=True) == expected
    assert await differences(service) == expected
    assert await differences(service) == {}
    gone = {*unrecorded, *strangers}
    assert await found(service) == [[each for each in hits if each not in gone] for hits in before]


async def points_of(service: MemoryService, memory_ids: list[str]) -> list[Point]:
    histories = await service.record.memories.histories("default", memory_ids)
    return await Points(WordEmbedder()).of([v for each in histories.values() for v in each], {})


async def test_points_of_owners_and_projects_that_are_not_in_the_record_are_removed(
    service: MemoryService,
) -> None:
    ids = list(await filled(service, users=1))
    (tenant,) = await tenants(service)
    (point,) = await points_of(service, ids[:1])
    stranger = replace(point, memory=replace(point.memory, id=mint("mem", "f" * 15)))
    await service.vectors.upsert(tenant, [stranger])
    await service.vectors.upsert("pgone-g1-b0", [point])
    await service.vectors.upsert("pdefault-g7-b0", [point])
    assert await differences(service, dry_run=True) == {"unknown_points": 1, "stray_tenants": 2}
    await differences(service)
    assert await differences(service) == {}
    assert await service.vectors.tenants() == [tenant]


async def test_edges_that_lost_a_part_are_found_and_mended(
    service: MemoryService, record: Any
) -> None:
    ids = list(await filled(service, users=1, each=8))
    slot = f"mg:{{default.{owner_hash_of(ids[0])}}}:"
    edges = [
        (await service.graph.relate(ADMIN, know(ids[n], ids[n + 1])))[0] for n in range(0, 8, 2)
    ]
    assert await differences(service) == {}
    record.delete(f"{slot}i:{ids[1]}")  # the mirror of the first
    record.delete(f"{slot}e:{edges[1].id}")  # the record of the second
    record.delete(f"{slot}m:{ids[5]}")  # the far end of the third
    found_here = await differences(service, dry_run=True)
    assert found_here == {
        "edges_without_mirror": 1,
        "edges_without_record": 2,
        "edges_without_memory": 2,
        "places_without_record": 1,
        "unknown_points": 1,
    }
    assert (await differences(service)).keys() == found_here.keys()
    assert await differences(service) == {}
    assert record.zcard(f"{slot}i:{ids[1]}") == 1
    # What was taken away does not stand in the way of the same edge again.
    await service.graph.relate(ADMIN, know(ids[2], ids[3]))
    assert await differences(service) == {}


async def test_an_outbox_that_nothing_points_at_is_marked_at_the_start(
    service: MemoryService, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    (memory_id, *_) = await filled(service, users=1)
    (tenant,) = await tenants(service)
    await service.care.repair()
    await service.vectors.erase(tenant, [memory_id])
    record.hset(f"mg:{{default.{owner_hash_of(memory_id)}}}:ob", memory_id, "1")
    assert await service.care.repair() == 0
    assert await differences(service, dry_run=True) == {"unmarked_outboxes": 1}
    await service.care.resume()
    assert await service.care.repair() == 1
    assert await differences(service) == {}


async def test_writes_under_way_are_no_differences(service: MemoryService) -> None:
    ids = list(await filled(service))
    busy = True

    async def write(memory_id: str) -> None:
        count = 0
        while busy:
            await service.memories.correct(ADMIN, memory_id, Correction(metadata={"count": count}))
            draft = NewMemory(content=f"note {memory_id} {count}", scope=Scope(user_id="user-0"))
            (added,) = await service.memories.add(ADMIN, [draft])
            await service.memories.erase(ADMIN, added.memory.id)  # type: ignore[union-attr]
            count += 1

    async with asyncio.TaskGroup() as group:
        for memory_id in ids[::6]:
            group.create_task(write(memory_id))
        for _ in range(4):
            assert await differences(service) == {}
        busy = False
    assert await differences(service) == {}


async def test_a_task_of_a_replica_that_died_is_taken_up_by_another(
    service: MemoryService,
    settings: Settings,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await filled(service)
    stuck = asyncio.Event()

    async def hang(*_: Any) -> bool:
        return await stuck.wait()

    monkeypatch.setattr("memory.maintenance.task_runner.LEASE_S", 1)
    monkeypatch.setattr(service.care._chores._verify, "verify", hang)
    task = await service.maintenance.verify(ADMIN, None)
    other = await started(settings, redis_server.url)
    await asyncio.sleep(1.5)
    await other.care.resume()
    assert not other.care._runner._running  # its holder still tells of it
    monkeypatch.setattr(service.care._runner, "_tell", hang)  # the first one is cut off
    async with asyncio.timeout(10):
        while not other.care._runner._running:
            await asyncio.sleep(0.1)
            await other.care.resume()
    done = await ended(other, task)
    assert done.state is State.DONE
    assert done.done == done.total > 0
    await other.care.close()
    stuck.set()


def know(source: str, target: str) -> NewEdge:
    return NewEdge(source=source, target=target, relation="KNOWS")
