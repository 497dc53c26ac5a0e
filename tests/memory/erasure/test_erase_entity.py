"""Erasing an entity whole: what a crash leaves, and what is written meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis

from config import Settings
from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.domain.erasures import Counts, Order
from memory.domain.errors import NotFound, Unavailable
from memory.domain.memory import Correction, NewMemory, Scope
from memory.service.build import MemoryService
from tests.memory.erasure.entities import (
    ALICE,
    BOB,
    DEFAULT,
    HELPER,
    HERS,
    add,
    counts_of,
    knows,
    left,
    removed,
)
from tests.memory.failpoints import AFTER, Crash, Fuse, Ground, is_call
from tests.redis_server import RedisServer
from tests.word_embedder import WordEmbedder


def lease(order: Order) -> str:
    return f"erasing:{order.project_id}:{order.subject}"


async def a_life(service: MemoryService) -> None:
    """Of alice what LIFE says: four edges, one of them retracted, and one that says what
    superseded what; one memory of bob's."""
    first, second, third = await add(service, "knows Ann", "knows Ben", "knows Cid", **HERS)
    for pair in ((first, second), (second, third), (third, first)):
        edge, _ = await service.graph.relate(DEFAULT, knows(*pair))
    await service.graph.retract_edge(DEFAULT, third.id, edge.id)
    await add(service, "knows Dan", user_id="alice", session_id="talk")
    draft = NewMemory(content="knows Eva", scope=ALICE, supersedes=(first.id,))
    await service.memories.add(DEFAULT, [draft])
    await service.memories.correct(DEFAULT, second.id, Correction(content="knew Ben"))
    await add(service, "likes tea", user_id="bob", agent_id="helper", session_id="talk")


# A crash after anything else leaves what one after the write before it leaves.
WRITES = {
    *("graph.idempotency.claim", "graph.erasures.undertake", "graph.leases.take"),
    *("graph.erasures.touch", "graph.owner_erasure.expunge", "graph.outbox.settle"),
    *("graph.owners.unregister", "graph.owners.register", "graph.owner_erasure.efface"),
    *("graph.erasures.seal", "graph.leases.release", "vectors.erase"),
}


LIFE = Counts(memories=5, versions=7, edges=4, claims=7, events=11, index_points=7)


async def test_counts_are_of_all_that_there_was(service: MemoryService) -> None:
    await a_life(service)
    assert await counts_of(service, ALICE) == LIFE
    assert await left(service, user_id="alice") == []
    assert await left(service, agent_id="helper") == ["likes tea"]
    assert await counts_of(service, ALICE) == Counts()


@pytest.mark.parametrize("scope", [ALICE, HELPER])
async def test_a_crash_anywhere_leaves_what_the_same_request_finishes(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder, scope: Scope
) -> None:
    ground = Ground(settings, redis_server.url, embedder)
    once = Caller(DEFAULT_PROJECT, once=Once("k", "r"))
    async with ground.service() as service:
        await a_life(service)
    async with ground.service(fuse := Fuse()) as service:
        await service.erasures.erase(once, scope)
        writes = [at for at, (name, _) in enumerate(fuse.calls) if name in WRITES]
        whole = await counts_of(service, scope, once)
    assert whole.memories > 3
    names = named(redis_server)
    assert all(map(is_call, WRITES))
    assert len(writes) > 8
    for at in writes:
        redis_server.flush()
        async with ground.service() as service:
            await a_life(service)
        async with ground.service(fuse := Fuse(at, AFTER)) as service:
            with pytest.raises(Crash):
                await service.erasures.erase(once, scope)
        lapse(redis_server)
        async with ground.service() as service:
            assert await counts_of(service, scope, once) == whole, str(fuse)
            assert await left(service, **scope.given()) == []
            others = await left(service, user_id="bob" if scope is ALICE else "alice")
            assert len(others) == (1 if scope is ALICE else 2)
        assert named(redis_server) == names, str(fuse)


def named(server: RedisServer) -> set[bytes]:
    """The agents, apps and sessions that an owner is registered with."""
    with redis.Redis(port=server.port) as client:
        return {*client.scan_iter("mg:by:*")}


def lapse(server: RedisServer) -> None:
    """Time goes by until the lease of whoever died is over."""
    with redis.Redis(port=server.port) as client:
        for key in client.scan_iter("mg:erasing:*"):
            client.delete(key)


async def test_repair_finishes_what_a_crash_left(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> None:
    ground = Ground(settings, redis_server.url, embedder)
    async with ground.service() as service:
        await a_life(service)
    async with ground.service(Fuse("graph.owners.unregister")) as service:
        with pytest.raises(Crash):
            await service.erasures.erase(DEFAULT, HELPER)
    lapse(redis_server)
    async with ground.service() as service:
        (order,) = await service.record.erasures.orders()
        assert (await service.erasures.get(DEFAULT, order.id)).erasure.receipt is None
        await service.care.repair()
        await service.care.erased()
        found = await service.erasures.get(DEFAULT, order.id)
        assert removed(found).memories == 4
        assert found.remaining == Counts()
        assert await left(service, user_id="alice") == ["knows Dan", "knows Eva"]
    with redis.Redis(port=redis_server.port) as client:
        assert not any(b"helper" in key for key in client.scan_iter())


async def test_two_thousand_memories_are_erased(service: MemoryService) -> None:
    for start in range(0, 2000, 500):
        await add(service, *(f"fact {n}" for n in range(start, start + 500)), user_id="alice")
    found = await counts_of(service, ALICE)
    assert (found.memories, found.versions, found.index_points) == (2000, 2000, 2000)


async def test_two_requests_at_once_are_one_erasure(service: MemoryService) -> None:
    await a_life(service)
    both = await asyncio.gather(*(service.erasures.erase(DEFAULT, ALICE) for _ in range(8)))
    assert {each.id for each in both} == {both[0].id}
    assert both[0].receipt == both[7].receipt


async def test_a_key_that_is_used_again_after_a_day_erases_again(
    service: MemoryService, redis_server: RedisServer
) -> None:
    once = Caller(DEFAULT_PROJECT, once=Once("erase", "r"))
    await add(service, "knows Ann", user_id="alice")
    await add(service, "likes tea", user_id="bob")
    first = await service.erasures.erase(once, ALICE)
    await add(service, "is back", user_id="alice")
    again = await service.erasures.erase(once, ALICE)
    assert (again.receipt, again.replayed) == (first.receipt, True)
    assert await left(service, user_id="alice") == ["is back"]
    others = Caller(DEFAULT_PROJECT, once=Once("erase", "another request"))
    for caller, scope in ((once, ALICE), (others, BOB)):
        with redis.Redis(port=redis_server.port) as client:
            client.delete(*client.scan_iter("mg:once:*"))
        later = await service.erasures.erase(caller, scope)
        assert (later.id == first.id, later.replayed) == (False, False)
        assert later.receipt is not None
        assert later.receipt["counts"]["memories"] == 1
        assert await left(service, **scope.given()) == []


async def test_whoever_lost_the_lease_goes_no_further(
    service: MemoryService, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_life(service)
    expunge = service.record.owner_erasure.expunge
    order: list[Order] = []

    async def held_up(slot: str, mine: Order, *args: Any) -> list[str]:
        gone = await expunge(slot, mine, *args)
        if not order:
            order.append(mine)
            lapse(redis_server)
            assert await service.record.leases.take(lease(mine), "another process", 30)
        return gone

    monkeypatch.setattr(service.record.owner_erasure, "expunge", held_up)
    with pytest.raises(Unavailable, match="goes on elsewhere"):
        await service.erasures.erase(DEFAULT, HELPER)
    assert not await service.record.leases.take(lease(order[0]), "a third one", 30)
    await service.record.leases.release(lease(order[0]), "another process")
    assert (await counts_of(service, HELPER)).memories == 4
    assert await left(service, agent_id="helper") == []


async def test_an_unfinished_write_is_found_by_the_agent_it_names(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder
) -> None:
    """Its writer crashed after the commit, before anything else knew of it."""
    ground = Ground(settings, redis_server.url, embedder)
    async with ground.service(Fuse("graph.commits.commit", AFTER)) as service:
        with pytest.raises(Crash):
            await add(service, "half written", **HERS)
    async with ground.service() as service:
        assert (await counts_of(service, HELPER)).memories == 1
        with pytest.raises(NotFound):
            await service.erasures.erase(DEFAULT, HELPER, known=True)


async def test_erasing_works_on_a_cluster(
    settings: Settings, embedder: WordEmbedder, tmp_path: Path
) -> None:
    server = RedisServer(tmp_path, cluster=True)
    server.start()
    try:
        async with Ground(settings, server.url, embedder).service() as service:
            await a_life(service)
            await add(service, "names helper", user_id="carol", agent_id="helper")
            assert (await counts_of(service, HELPER)).memories == 5
            assert (await counts_of(service, ALICE)).memories == 2
    finally:
        server.stop()


async def test_an_erasure_of_a_project_that_is_gone_is_forgotten(
    service: MemoryService, redis_server: RedisServer
) -> None:
    order = Order("era_x", "gone", "user", "subject", "0" * 15, None, 0)
    await service.record.erasures.undertake(order, join=False)
    await service.care.repair()
    assert await service.record.erasures.orders() == []
    with redis.Redis(port=redis_server.port) as client:
        assert not client.exists("mg:project:gone")
