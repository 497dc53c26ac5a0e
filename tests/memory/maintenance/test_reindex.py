"""Rebuilding and moving an index while it is used, and after all of it was lost."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from config import Settings
from memory.domain.errors import StoreUnavailable
from memory.domain.memory import Correction, NewMemory, Scope
from memory.domain.results import Added
from memory.query.views import Query
from memory.service.build import MemoryService
from tests.memory.upkeep import ADMIN, ended, filled, found, running, sound, tenants
from tests.redis_server import RedisServer
from tests.service import started
from tests.weaviate_server import BACKENDS, stored_in


@pytest.fixture(params=BACKENDS)
def backed(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    yield from stored_in(request.param, request, settings, deadline_s=10)


@pytest.fixture
async def service(
    backed: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MemoryService]:
    async with running(backed, redis_server.url, monkeypatch) as service:
        yield service


async def test_a_rebuild_answers_as_before_from_the_next_generation(
    service: MemoryService,
) -> None:
    ids = list(await filled(service))
    for memory_id in ids[::5]:
        await service.memories.correct(ADMIN, memory_id, Correction(metadata={"seen": True}))
    before = await found(service)
    task = await ended(service, await service.maintenance.rebuild(ADMIN, None))
    assert task.done == task.total == len(ids)
    assert await found(service) == before
    assert await tenants(service) == ["pdefault-g2-b0"]
    await sound(service)
    await ended(service, await service.maintenance.rebuild(ADMIN, "default"))
    assert await tenants(service) == ["pdefault-g3-b0"]
    assert await found(service) == before


async def test_everything_is_found_again_after_the_index_was_lost(
    service: MemoryService, backed: Settings, request: pytest.FixtureRequest
) -> None:
    await filled(service)
    before = await found(service)
    if backed.vector_store.backend == "embedded":
        shutil.rmtree(backed.data_dir / "vectors")
    else:
        request.getfixturevalue("weaviate_process").remove(backed.weaviate.collection)
    draft = NewMemory(content="tea", scope=Scope(user_id="user-0"))
    with pytest.raises(StoreUnavailable):
        await service.memories.add(ADMIN, [draft])
    await ended(service, await service.maintenance.rebuild(ADMIN, None))
    await service.care.repair()
    again = await found(service)
    stored = {
        each.id
        for each in (await service.memories.page(ADMIN, draft.scope, 99, None, True)).memories
    }
    new = stored - {each for hits in before for each in hits}
    assert [[each for each in hits if each not in new] for hits in again] == before


async def test_a_start_without_its_index_is_mended_by_a_rebuild(
    service: MemoryService, backed: Settings, redis_server: RedisServer
) -> None:
    if backed.vector_store.backend != "embedded":
        pytest.skip("files are the embedded store's")
    await filled(service)
    before = await found(service)
    (backed.data_dir / "vectors" / "pdefault-g1-b0.db").write_bytes(b"no database" * 1000)
    task = await ended(service, await service.maintenance.rebuild(ADMIN, None))
    assert task.report["set_aside"] == ["pdefault-g1-b0"]
    assert await found(service) == before
    await service.care.close()
    shutil.rmtree(backed.data_dir / "vectors")
    other = await started(backed, redis_server.url)
    assert await found(other) != before
    await ended(other, await other.maintenance.rebuild(ADMIN, None))
    assert await found(other) == before
    await sound(other)
    await other.care.close()


async def test_writes_during_moves_are_all_there_afterwards(
    service: MemoryService, backed: Settings, redis_server: RedisServer
) -> None:
    """Three replicas add, correct and erase all the while, as two moves go by."""
    ids = list(await filled(service))
    others = [await started(backed, redis_server.url) for _ in range(2)]
    busy, living = True, set(ids)

    async def write(replica: MemoryService, number: int) -> None:
        for count in itertools.count():
            if not busy:
                assert count > 3, "each kind of write came at least once"
                return
            scope = Scope(user_id=f"user-{(number + count) % 7}")
            draft = NewMemory(content=f"tea {number} {count}", scope=scope)
            (added,) = await replica.memories.add(ADMIN, [draft])
            assert isinstance(added, Added)
            if count % 3 == 0:
                await replica.memories.erase(ADMIN, added.memory.id)
                continue
            living.add(added.memory.id)
            if count % 3 == 1:
                await replica.memories.correct(
                    ADMIN, added.memory.id, Correction(content=f"tea {count}!")
                )
            # What was acknowledged is found, by every replica, whatever it reads just now.
            hits = await found_one(others[count % 2], scope, "tea")
            assert added.memory.id in hits

    writers = [
        asyncio.create_task(write(replica, 10 * n + m))
        for n, replica in enumerate([service, *others])
        for m in range(2)
    ]
    for _ in range(2):
        await ended(service, await service.maintenance.rebuild(ADMIN, None))
    busy = False
    await asyncio.gather(*writers)
    for each in others:
        await each.care.settled()
        await each.care.close()
    # A call slower than the moves waited for may have made a tenant again that was dropped.
    await ended(service, await service.maintenance.verify(ADMIN, None))
    await sound(service)
    assert await tenants(service) == ["pdefault-g3-b0"]
    rows = await service.vectors.survey("pdefault-g3-b0", limit=10_000)
    assert {row.memory_id for row in rows} == living


async def found_one(service: MemoryService, scope: Scope, text: str) -> set[str]:
    query = Query(text=text, scope=scope, limit=1000, threshold=0.0)
    return {hit.memory.id for hit in await service.search.find(ADMIN, query)}


@pytest.mark.parametrize("step", range(3))
async def test_a_move_that_was_cut_off_is_ended_by_the_next_replica(
    service: MemoryService,
    backed: Settings,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    await filled(service)
    before = await found(service)
    steps, reached = 0, asyncio.Event()

    async def cut(*_: Any) -> None:
        """The replica stops before it copies, after that, or before it drops."""
        nonlocal steps
        steps += 1
        if steps > step:
            reached.set()
            await asyncio.Event().wait()

    mover = service.care._chores._reindex
    copy, drop = mover._copy, mover.drop_others

    async def copying(*args: Any) -> None:
        await cut()
        await copy(*args)
        await cut()

    async def dropping(*args: Any) -> int:
        await cut()
        return await drop(*args)

    monkeypatch.setattr(mover, "_copy", copying)
    monkeypatch.setattr(mover, "drop_others", dropping)
    task = await service.maintenance.rebuild(ADMIN, None)
    async with asyncio.timeout(20):
        await reached.wait()
    await service.care._runner.close()
    assert await found(service) == before
    await filled(service, users=6, each=13)
    other = await started(backed, redis_server.url)
    await other.care.resume()
    await ended(other, task)
    assert len(await tenants(other)) == 1
    await sound(other)
    await other.care.close()
