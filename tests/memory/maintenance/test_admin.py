"""Erased is erased: after a compaction no file below the data folders holds what was erased."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from config import Settings
from memory.domain.memory import NewMemory, Scope
from memory.domain.results import Added
from memory.service.service import MemoryService
from tests.memory.upkeep import ADMIN, ended, filled, found, quick
from tests.redis_server import RedisServer
from tests.service import started
from tests.weaviate_server import OwnedServer, WeaviateServer

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
