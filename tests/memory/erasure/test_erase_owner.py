"""What one owner has of an entity, its names and the points that no record knows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import redis

from memory.domain.erasures import Order
from memory.domain.errors import Conflict, NotFound
from memory.domain.memory import Correction, Scope
from memory.service.build import MemoryService
from tests.memory.erasure.entities import (
    ALICE,
    DEFAULT,
    HELPER,
    HERS,
    add,
    counts_of,
    erased,
    knows,
    left,
    removed,
)
from tests.redis_server import RedisServer


async def test_what_is_written_meanwhile_is_erased_or_whole(service: MemoryService) -> None:
    made = await add(service, *(f"fact {n}" for n in range(300)), **HERS)
    done = asyncio.Event()

    async def write() -> None:
        for n in range(300):
            if done.is_set():
                return
            await add(service, f"news {n}", **HERS)

    async def correct() -> None:
        for each in reversed(made):
            try:
                await service.memories.correct(
                    DEFAULT, each.id, Correction(content=f"{each.content} new")
                )
            except (NotFound, Conflict):
                return

    writers = [asyncio.create_task(write()), asyncio.create_task(correct())]
    await asyncio.sleep(0.05)
    found = await erased(service, ALICE)
    done.set()
    await asyncio.gather(*writers)
    assert removed(found).memories >= 300
    later = await left(service, user_id="alice")
    assert not any(each.startswith("fact") for each in later)
    assert await left(service, agent_id="helper") == later
    await service.care.settled()
    remaining = (await service.erasures.get(DEFAULT, found.erasure.id)).remaining
    assert remaining is not None
    assert remaining.memories == remaining.index_points == len(later)


async def test_a_memory_written_while_names_are_dropped_is_found_by_them(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded after the listing, and registered before the names go."""
    unregister = service.record.owners.unregister

    async def late(slot: str, names: set[tuple[str, str]]) -> None:
        monkeypatch.setattr(service.record.owners, "unregister", unregister)
        await add(service, "came late", **HERS)
        await unregister(slot, names)

    await add(service, "was there", app_id="desk", user_id="alice", agent_id="other")
    monkeypatch.setattr(service.record.owners, "unregister", late)
    await counts_of(service, Scope(agent_id="other"))
    assert await left(service, app_id="desk") == ["came late"]


async def test_erasing_one_memory_at_a_time_leaves_names_that_erasing_its_owner_takes(
    service: MemoryService, redis_server: RedisServer
) -> None:
    (made,) = await add(service, "said once", user_id="alice", session_id="with alice")
    await service.memories.erase(DEFAULT, made.id)
    await service.erasures.erase(DEFAULT, ALICE)
    with redis.Redis(port=redis_server.port) as client:
        assert not any(b"with alice" in key for key in client.scan_iter())


async def test_points_without_a_record_go_with_their_owner(service: MemoryService) -> None:
    (made,) = await add(service, "in the index only", user_id="alice")
    project = await service.project()
    slot = project.slot(project.owner_hash(ALICE.owner))
    order = Order("era_x", project.id, "user", "s", "another", None, 0)
    await service.care.settled()
    await service.record.owner_erasure.expunge(slot, order, made.recorded_at, [made], {})
    await service.record.outbox.settle({slot: {made.id: "erased"}})
    found = await counts_of(service, ALICE)
    assert (found.memories, found.index_points) == (0, 1)


async def test_a_hub_is_erased_with_its_edges(service: MemoryService) -> None:
    (hub,) = await add(service, "the hub", **HERS)
    others = await add(service, *(f"spoke {n}" for n in range(300)), user_id="alice")
    for start in range(0, 300, 50):
        part = others[start : start + 50]
        await asyncio.gather(*(service.graph.relate(DEFAULT, knows(each, hub)) for each in part))
    found = await counts_of(service, HELPER)
    assert (found.memories, found.edges, found.claims) == (1, 300, 301)
    assert (await counts_of(service, ALICE)).edges == 0


async def test_the_log_of_another_owner_tells_of_what_an_agent_lost(
    service: MemoryService, redis_server: RedisServer
) -> None:
    (made,) = await add(service, "told to helper", **HERS)
    await counts_of(service, HELPER)
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        logs = [client.xrange(key) for key in client.scan_iter("mg:*}:ev")]
    told: Sequence[Any] = [fields for log in logs for _, fields in log]
    assert {"e": "DELETE", "m": made.id, "v": "1"} in told
