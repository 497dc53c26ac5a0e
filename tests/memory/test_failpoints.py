"""A crash at every call of every write: nothing acknowledged is lost, nothing half is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress

import pytest
import redis

from config import Settings
from graph_store import open_graph_store
from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.ports.vector_store import Point
from memory.service.build import MemoryService
from tests.memory.cut_requests import (
    CONTENTS,
    REPEATABLE,
    REQUESTS,
    Known,
    Request,
    a_user,
    add_a_batch,
    batch,
    correct,
    erase,
    stored,
    supersede,
)
from tests.memory.failpoints import HALFWAY, READS, SEVERAL, Crash, Fuse, Ground, is_call
from tests.memory.witness import (
    DEFAULT,
    Story,
    Witness,
    assert_claims_stand,
    assert_findable,
    refusal,
    story,
)
from tests.redis_server import RedisServer
from tests.weaviate_server import WeaviateServer
from tests.word_embedder import WordEmbedder
from vector_store import open_vector_store


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for requests in flight: there are none."""
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)
    monkeypatch.setattr("memory.index.outbox._SETTLE_EVERY_S", 0)


@pytest.fixture(params=["embedded"])
def ground(
    request: pytest.FixtureRequest,
    settings: Settings,
    redis_server: RedisServer,
    embedder: WordEmbedder,
) -> Iterator[Ground]:
    if request.param == "embedded":
        yield Ground(settings, redis_server.url, embedder)
        return
    server: WeaviateServer = request.getfixturevalue("weaviate_process")
    with server.holding(settings) as there:
        yield Ground(there, redis_server.url, embedder)


@pytest.fixture
async def calm(ground: Ground) -> AsyncIterator[MemoryService]:
    """A service that never crashes."""
    async with ground.service() as service:
        yield service


@pytest.fixture
async def witness(ground: Ground, calm: MemoryService) -> AsyncIterator[Witness]:
    graph = open_graph_store(ground.settings, ground.redis_url)
    vectors = open_vector_store(ground.settings)
    await vectors.open(await ground.embedder.card())
    yield Witness(graph, vectors, ground, await graph.projects.read("default", 1))
    await vectors.close()
    await graph.close()


def caller_of(known: Known, keyed: bool) -> Caller:
    """Somebody who sends an Idempotency-Key, or not."""
    return Caller(DEFAULT_PROJECT, once=Once(known.user, "the request")) if keyed else DEFAULT


async def rehearsed(
    ground: Ground, calm: MemoryService, request: Request, keyed: bool = False
) -> tuple[list[Story], list[Fuse]]:
    """What there may be to read once a request was cut, the whole of it last, and every crash
    that could cut it."""
    known = await a_user(calm)
    stages = [await story(calm, known.user)]
    if request is add_a_batch:
        for each in batch(known):
            await stored(calm, DEFAULT, each)
            stages.append(await story(calm, known.user))
        known = await a_user(calm)
    async with ground.service(fuse := Fuse()) as service:
        await request(service, known, caller_of(known, keyed))
    stages.append(await story(calm, known.user))
    assert fuse.points(), request
    return stages, fuse.points()


async def cut(
    ground: Ground, known: Known, request: Request, point: Fuse, caller: Caller = DEFAULT
) -> bool:
    """Whether a request was acknowledged by a service that crashes at this point."""
    acknowledged = False
    try:
        async with ground.service(point) as doomed:
            await request(doomed, known, caller)
            acknowledged = True
    except Crash:
        pass
    assert point.blown
    return acknowledged


async def assert_all_or_nothing(
    ground: Ground, calm: MemoryService, witness: Witness, request: Request
) -> None:
    stages, points = await rehearsed(ground, calm, request)
    for point in points:
        known = await a_user(calm)
        acknowledged = await cut(ground, known, request, point)
        async with ground.service() as successor:
            told = await story(successor, known.user)
            assert told in stages[-1 if acknowledged else 0 :], point
            await successor.care.repair()
            assert await story(successor, known.user) == told, point
            await witness.assert_in_step(known.user, point)
            await witness.assert_settled(known.user, point)
            await assert_findable(successor, known.user, point)
            await assert_claims_stand(successor, known.user, CONTENTS, point)


@pytest.mark.parametrize("name", sorted({*READS, *SEVERAL}))
def test_what_is_told_apart_of_the_calls_of_stores_are_calls_of_theirs(name: str) -> None:
    assert is_call(name)
    assert not is_call(f"{name}_once")


async def test_a_batch_is_cut_in_half_in_both_stores(ground: Ground, calm: MemoryService) -> None:
    _, points = await rehearsed(ground, calm, add_a_batch)
    assert sum(point.moment == HALFWAY for point in points) > 1


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.__name__)
async def test_a_crash_leaves_all_of_a_write_or_nothing_and_repair_mends_it(
    ground: Ground, calm: MemoryService, witness: Witness, request_: Request
) -> None:
    await assert_all_or_nothing(ground, calm, witness, request_)


@pytest.mark.weaviate
@pytest.mark.parametrize("ground", ["weaviate"], indirect=True)
@pytest.mark.parametrize("request_", [supersede, correct, erase], ids=lambda each: each.__name__)
async def test_a_crash_leaves_no_more_on_weaviate(
    ground: Ground, calm: MemoryService, witness: Witness, request_: Request
) -> None:
    await assert_all_or_nothing(ground, calm, witness, request_)


async def test_a_crash_of_the_repair_is_repaired(
    ground: Ground, calm: MemoryService, witness: Witness, redis_server: RedisServer
) -> None:
    async def cut_before_the_index(known: Known) -> None:
        assert not await cut(ground, known, supersede, Fuse("vectors.upsert"))

    await cut_before_the_index(known := await a_user(calm))
    async with ground.service(fuse := Fuse()) as service:
        await service.care.repair()
    assert fuse.points()
    for point in fuse.points():
        await cut_before_the_index(known := await a_user(calm))
        with suppress(Crash):
            async with ground.service(point) as doomed:
                await doomed.care.repair()
        assert point.blown
        lapse(redis_server)
        async with ground.service() as successor:
            await successor.care.repair()
        await witness.assert_in_step(known.user, point)
        await witness.assert_settled(known.user, point)


def lapse(server: RedisServer) -> None:
    """Time goes by until the lease of a repair that died is over."""
    with redis.Redis(port=server.port) as client:
        for key in client.scan_iter("mg:{*}:lease"):
            client.delete(key)


async def test_what_was_erased_while_a_crashing_writer_was_slow_leaves_no_trace(
    ground: Ground, calm: MemoryService, witness: Witness
) -> None:
    """The writer has committed a correction; before its text comes into the index, the memory is
    erased and everything about that is settled. Then the writer indexes it, and crashes."""
    known = await a_user(calm)
    begun, erased = asyncio.Event(), asyncio.Event()
    async with ground.service(Fuse("vectors.retract")) as doomed:
        vectors = doomed.vectors
        upsert = vectors.upsert

        async def slowly(tenant: str, points: Sequence[Point]) -> None:
            begun.set()
            await erased.wait()
            await upsert(tenant, points)

        vectors.__dict__["upsert"] = slowly
        slow = asyncio.create_task(correct(doomed, known))
        await begun.wait()
        await calm.memories.erase(DEFAULT, known.tea)
        await calm.care.settled()
        erased.set()
        with pytest.raises(Crash):
            await slow
    await calm.care.repair()
    await witness.assert_in_step(known.user, "erased meanwhile")


async def assert_sent_again_it_is_done_once(
    ground: Ground, calm: MemoryService, witness: Witness, request: Request, keyed: bool
) -> None:
    stages, points = await rehearsed(ground, calm, request, keyed)
    for point in points:
        known = await a_user(calm)
        caller = caller_of(known, keyed)
        await cut(ground, known, request, point, caller)
        async with ground.service() as successor:
            assert await refusal(request(successor, known, caller)) is None, point
            await witness.assert_indexed(known.user, point)
            assert await story(successor, known.user) == stages[-1], point
            await assert_findable(successor, known.user, point)
            await successor.care.repair()
            await witness.assert_in_step(known.user, point)
            await witness.assert_settled(known.user, point)


@pytest.mark.parametrize("request_", REPEATABLE, ids=lambda each: each.__name__)
async def test_a_cut_write_sent_again_is_done_once_and_found_at_once(
    ground: Ground, calm: MemoryService, witness: Witness, request_: Request
) -> None:
    await assert_sent_again_it_is_done_once(ground, calm, witness, request_, keyed=False)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.__name__)
async def test_with_an_idempotency_key_every_cut_write_is_done_once_and_found_at_once(
    ground: Ground, calm: MemoryService, witness: Witness, request_: Request
) -> None:
    await assert_sent_again_it_is_done_once(ground, calm, witness, request_, keyed=True)
