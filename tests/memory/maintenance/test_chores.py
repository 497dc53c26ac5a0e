"""What the tasks of upkeep do: files without what was erased, projects that end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

from config import Settings
from memory.domain.caller import Caller
from memory.domain.memory import NewMemory, Scope
from memory.domain.results import Added
from memory.service.build import MemoryService
from tests.memory.upkeep import ADMIN, ended, filled, found, quick, running, sound, tenants
from tests.redis_server import RedisServer
from tests.service import started
from tests.weaviate_server import BACKENDS, OwnedServer, WeaviateServer, stored_in

CANARY, STAYS = "xyzzycanary", "plughstays"


async def told(service: MemoryService, word: str) -> list[str]:
    """Ids of memories that have the word wherever a memory can hold one."""
    drafts = [
        NewMemory(
            content=f"{word} number {n}",
            scope=Scope(user_id=f"{word}-user", session_id=f"{word}-session"),
            metadata={word: f"{word} {n}"},
            categories=(f"{word}-category",),
        )
        for n in range(30)
    ]
    answers = await service.memories.add(ADMIN, drafts)
    return [each.memory.id for each in answers if isinstance(each, Added)]


def holding(folder: Path, word: str) -> list[Path]:
    """Files with the word in them."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if word.encode() in path.read_bytes()]


async def test_nothing_that_was_erased_is_left_in_any_file(
    settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    service = await started(settings, redis_server.url)
    beside = await started(settings, redis_server.url)
    await filled(service)
    await told(service, STAYS)
    await told(service, CANARY)
    before = await found(beside)
    erasure = await service.erasures.erase(ADMIN, Scope(user_id=f"{CANARY}-user"))
    assert erasure.receipt is not None
    await service.care.settled()
    assert holding(redis_server.folder, CANARY)
    assert holding(settings.data_dir, CANARY)
    task = await ended(service, await service.maintenance.compact(ADMIN, None))
    assert task.report["left"] == []
    assert holding(redis_server.folder, CANARY) == []
    assert holding(settings.data_dir, CANARY) == []
    assert holding(settings.data_dir, STAYS)
    assert await found(beside) == before
    await beside.care.close()
    await service.care.close()


@pytest.mark.weaviate
async def test_nothing_that_was_erased_is_left_in_weaviates_files(
    settings: Settings,
    redis_server: RedisServer,
    weaviate_process: WeaviateServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not isinstance(weaviate_process, OwnedServer):
        pytest.skip("only the files of a Weaviate started by the tests can be read")
    quick(monkeypatch)
    weaviate = settings.weaviate.model_copy(
        update={
            "http_url": weaviate_process.http_url,
            "grpc_url": weaviate_process.grpc_url,
            "collection": "TestCompacting",
            "deadline_s": 10,
        }
    )
    backend = settings.vector_store.model_copy(update={"backend": "weaviate"})
    settings = settings.model_copy(update={"vector_store": backend, "weaviate": weaviate})
    service = await started(settings, redis_server.url)
    await told(service, STAYS)
    erased = await told(service, CANARY)
    for memory_id in erased:
        await service.memories.erase(ADMIN, memory_id)
    await service.care.settled()
    assert holding(weaviate_process._log.parent, f"{CANARY}-user")
    await ended(service, await service.maintenance.compact(ADMIN, None))
    assert holding(weaviate_process._log.parent, f"{CANARY}-user") == []
    assert await service.vectors.tenants("default") == ["pdefault-g2-b0"]
    await service.care.close()
    weaviate_process.remove("TestCompacting")


async def test_a_log_that_cannot_be_written_anew_is_reported(
    settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    service = await started(settings, redis_server.url)
    await filled(service, users=1)
    with redis.Redis(port=redis_server.port) as client:
        client.execute_command("ACL SETUSER default -bgrewriteaof")
        task = await ended(service, await service.maintenance.compact(ADMIN, None))
        client.execute_command("ACL SETUSER default +bgrewriteaof")
    (left,) = task.report["left"]
    assert "Redis" in left
    await service.care.close()


@pytest.fixture(params=BACKENDS)
def backed(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    yield from stored_in(request.param, request, settings, deadline_s=10)


@pytest.fixture
async def service(
    backed: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MemoryService]:
    async with running(backed, redis_server.url, monkeypatch) as service:
        yield service


async def test_erasing_a_project_leaves_nothing_and_keeps_what_comes_after(
    backed: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    backed = backed.model_copy(update={"api": backed.api.model_copy(update={"deadline_s": 0.5})})
    service = await started(backed, redis_server.url)
    old = list(await filled(service))
    task = await service.maintenance.erase_project(ADMIN, "default")
    await asyncio.sleep(0.2)  # the caches of replicas live for half of it here
    new = list(await filled(service, users=2))
    done = await ended(service, task)
    assert done.report["keys"] > len(old)
    assert {each for hits in await found(service) for each in hits} == set(new)
    assert await service.record.memories.read("default", old) == {}
    assert len(await service.record.memories.read("default", new)) == len(new)
    assert len(await tenants(service)) == 1
    await sound(service)
    await service.care.close()


async def test_erasing_another_project_ends_it(
    service: MemoryService, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.care._chores, "_deadline_s", 0.3)
    await filled(service, users=2)
    before = await found(service)
    await service.record.projects.read("proj_1", 1)
    await filled(service, caller=Caller("proj_1"))
    await ended(service, await service.maintenance.erase_project(ADMIN, "proj_1"))
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        assert [key for key in client.keys("*proj_1*") if "task" not in key] == []
    assert await service.vectors.tenants("proj_1") == []
    assert await found(service) == before
