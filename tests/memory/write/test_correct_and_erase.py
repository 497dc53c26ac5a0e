"""What a write promises where its commit comes later than what it was planned on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from config import Settings
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Connection
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.clock import LATEST, format_instant
from memory.domain.idempotency import Commit
from memory.domain.ids import mint
from memory.domain.memory import Memory, Scope
from memory.domain.transaction import PutMemory, Transaction
from memory.service.build import MemoryService
from tests.deployments.api.calls import Client, add, ask, listed, read, relate
from tests.redis_server import RedisServer

ALICE = Scope(user_id="alice")
DEFAULT = Caller(DEFAULT_PROJECT)
LATE_S = 0.3


@pytest.fixture
def late(service: MemoryService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits reach Redis 0.3 s after they were planned."""
    commit = service.record.commits.commit

    async def held(transactions: Sequence[Transaction]) -> list[Commit | None]:
        await asyncio.sleep(LATE_S)
        return await commit(transactions)

    monkeypatch.setattr(service.record.commits, "commit", held)


def soon(commits: int = 1) -> str:
    """An instant that is ahead for the plan, and past when so many commits are done."""
    return format_instant(time.time_ns() // 1000 + int((commits - 0.3) * LATE_S * 1_000_000))


@pytest.mark.usefixtures("late")
async def test_a_memory_that_would_end_before_its_record_is_refused(client: Client) -> None:
    body = {"content": "is on the way", "user_id": "alice", "valid_to": soon()}
    await ask(client, "POST", "", 400, json=body)
    assert await listed(client, include_expired=True) == []
    body["valid_to"] = soon()
    batch = {"memories": [body, {"content": "has arrived", "user_id": "alice"}]}
    results = (await ask(client, "POST", "/batch", json=batch))["results"]
    assert [each["status"] for each in results] == [400, 201]


@pytest.mark.usefixtures("late")
async def test_a_relationship_that_would_end_before_its_record_is_refused(client: Client) -> None:
    ends = [(await add(client, text))["id"] for text in ("this", "that")]
    answer = await relate(client, *ends, valid_to=soon())
    assert answer.status_code == 400, answer.text
    assert (await relate(client, *ends)).status_code == 201


@pytest.mark.usefixtures("late")
async def test_superseding_never_moves_an_end_later(client: Client) -> None:
    end = soon(commits=2)
    old = await add(client, "lives in Oslo", valid_from="2020-01-01", valid_to=end)
    new = await add(client, "lives in Bergen", supersedes=[old["id"]])
    assert new["valid_from"] > end
    assert (await read(client, f"/{old['id']}"))["valid_to"] == end


async def test_a_record_time_is_earlier_than_before_to_the_microsecond(
    service: MemoryService, redis_server: RedisServer
) -> None:
    """The owner's clock stands in 2249, so that the record time is known: one later."""
    commits = service.record.commits
    connection = Connection(redis_server.url, Settings().redis)
    project = await service.project()
    owner_hash = project.owner_hash(ALICE.owner)
    slot = project.slot(owner_hash)
    clock = OwnerKeys(slot).key("clock")
    last = LATEST - 2**33 - 1
    await connection.one("SET", clock, last)
    put = PutMemory(Memory(id=mint("mem", owner_hash), content="x", scope=ALICE))
    late, timely = (Transaction(slot, last, [put], before=last + after) for after in (1, 2))
    assert await commits.commit([late]) == [None]
    assert await connection.one("GET", clock) == str(last)
    assert await commits.commit([timely]) == [Commit(last + 1)]
    assert await commits.commit([timely]) == [Commit(last + 1)]
    await connection.close()


async def test_a_correction_of_true_to_one_is_a_change(client: Client) -> None:
    made = await add(client, "is sure", metadata={"sure": True, "since": 2020})
    path = f"/{made['id']}"
    same = {"metadata": {"since": 2020, "sure": True}}
    assert await ask(client, "PUT", path, json=same) == made
    changed = await ask(client, "PUT", path, json={"metadata": {"sure": 1}})
    assert (changed["version"], changed["metadata"]["sure"] is True) == (2, False)
