"""What a crash between the record and the index leaves, and that repair mends all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from config import Settings
from graph_store import open_graph_store
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import StoreUnavailable
from memory.domain.memory import Correction, NewMemory, Scope
from memory.domain.results import Added
from memory.ports.vector_store import Point
from memory.query.views import Query, Where
from memory.service.build import MemoryService
from tests.memory.failing import Failing
from tests.redis_server import RedisServer
from tests.service import started_on
from tests.word_embedder import WordEmbedder
from vector_store import open_vector_store

ALICE = Scope(user_id="alice")
DEFAULT = Caller(DEFAULT_PROJECT)


@pytest.fixture
async def failing(settings: Settings) -> Failing:
    return Failing(open_vector_store(settings))


@pytest.fixture
async def service(
    settings: Settings, redis_server: RedisServer, embedder: WordEmbedder, failing: Failing
) -> MemoryService:
    graph = open_graph_store(settings, redis_server.url)
    service = await started_on(graph, failing, settings, embedder)  # type: ignore[arg-type]
    yield service
    await service.care.close()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repair takes owners up without waiting for requests in flight: there are none."""
    monkeypatch.setattr("memory.index.repair.DEADLINES_TO_SETTLE", -1)


async def found(service: MemoryService, text: str) -> list[str]:
    query = Query(text=text, scope=ALICE, limit=10, threshold=0.5)
    return [hit.memory.content for hit in await service.search.find(DEFAULT, query)]


async def add(service: MemoryService, content: str) -> Added:
    (answer,) = await service.memories.add(DEFAULT, [NewMemory(content=content, scope=ALICE)])
    assert isinstance(answer, Added)
    return answer


async def test_an_add_cut_before_the_index_is_found_after_repair(
    service: MemoryService, failing: Failing
) -> None:
    failing.broken = {"upsert"}
    with pytest.raises(StoreUnavailable):
        await add(service, "likes green tea")
    assert await found(service, "green tea") == []
    failing.broken = set()
    assert await service.care.repair() == 1
    assert await found(service, "green tea") == ["likes green tea"]
    assert await service.care.repair() == 0


async def test_a_retry_of_a_cut_add_answers_only_once_it_can_be_found(
    service: MemoryService, failing: Failing
) -> None:
    failing.broken = {"upsert"}
    with pytest.raises(StoreUnavailable):
        await add(service, "likes green tea")
    failing.broken = set()
    assert (await add(service, "likes green tea")).deduplicated
    assert await found(service, "green tea") == ["likes green tea"]


async def test_a_correction_cut_halfway_never_shows_the_old_text(
    service: MemoryService, failing: Failing
) -> None:
    made = (await add(service, "likes green tea")).memory
    for method in ("upsert", "retract"):
        failing.broken = {method}
        with pytest.raises(StoreUnavailable):
            await service.memories.correct(DEFAULT, made.id, Correction(content=f"coffee {method}"))
        assert "likes green tea" not in await found(service, "green tea")
        failing.broken = set()
        await service.care.repair()
    assert await found(service, "coffee") == ["coffee retract"]
    assert await found(service, "green tea") == []


async def test_an_erase_cut_halfway_is_gone_at_once_and_from_the_index_after_repair(
    service: MemoryService, failing: Failing, embedder: WordEmbedder
) -> None:
    made = (await add(service, "likes green tea")).memory
    failing.broken = {"erase"}
    with pytest.raises(StoreUnavailable):
        await service.memories.erase(DEFAULT, made.id)
    assert await found(service, "green tea") == []
    failing.broken = set()
    await service.care.repair()
    vector = (await embedder.embed(["likes green tea"]))[0]
    (tenant,) = (await service.project()).tenants()
    assert await failing.nearest(tenant, vector, Where(), 10) == []


async def test_a_slow_writer_cannot_bring_an_old_version_back(
    service: MemoryService, failing: Failing, embedder: WordEmbedder
) -> None:
    """The add's upsert is held until a correction has been applied and settled."""
    committed, released, inner = asyncio.Event(), asyncio.Event(), failing._inner

    async def held(tenant: str, points: Sequence[Point]) -> None:
        del failing.__dict__["upsert"]
        committed.set()
        await released.wait()
        await inner.upsert(tenant, points)

    failing.__dict__["upsert"] = held
    slow = asyncio.create_task(add(service, "slow add"))
    await committed.wait()
    page = await service.memories.page(DEFAULT, ALICE, 1, None, True)
    ids = [memory.id for memory in page.memories]
    await service.memories.correct(DEFAULT, ids[0], Correction(content="fast correction"))
    released.set()
    await slow
    vector = (await embedder.embed(["slow add"]))[0]
    (tenant,) = (await service.project()).tenants()
    await service.care.settled()
    hits = await failing.nearest(tenant, vector, Where(open=True), 10)
    assert [(hit.memory_id, hit.version) for hit in hits] == [(ids[0], 2)]


async def test_search_fills_up_behind_rows_the_index_should_not_have(
    service: MemoryService, failing: Failing
) -> None:
    """Rows that the record no longer knows never shorten the answer."""
    drafts = [NewMemory(content=f"tea number {n}", scope=ALICE) for n in range(200)]
    answers = await service.memories.add(DEFAULT, drafts)
    failing.broken = {"erase"}
    for answer in answers[:150]:
        assert isinstance(answer, Added)
        with pytest.raises(StoreUnavailable):
            await service.memories.erase(DEFAULT, answer.memory.id)
    failing.broken = set()
    query = Query(text="tea number", scope=ALICE, limit=50, threshold=0)
    assert len(await service.search.find(DEFAULT, query)) == 50


async def test_concurrent_corrections_all_land(service: MemoryService) -> None:
    made = (await add(service, "counter")).memory
    await asyncio.gather(
        *(
            service.memories.correct(DEFAULT, made.id, Correction(metadata={f"k{n}": n}))
            for n in range(16)
        )
    )
    last = await service.memories.get(DEFAULT, made.id)
    assert last.version == 17
    assert dict(last.metadata) == {f"k{n}": n for n in range(16)}
    history = await service.memories.history(DEFAULT, made.id)
    assert [each.version for each in history] == list(range(1, 18))
    assert await found(service, "counter") == ["counter"]


async def test_a_memory_is_found_by_its_new_text_while_its_index_lags(
    service: MemoryService, failing: Failing
) -> None:
    made = (await add(service, "likes green tea")).memory
    failing.broken = {"upsert"}
    with pytest.raises(StoreUnavailable):
        await service.memories.correct(DEFAULT, made.id, Correction(content="likes green coffee"))
    assert await found(service, "green coffee") == ["likes green coffee"]


async def test_superseding_what_the_index_lags_behind_leaves_one_open_version(
    service: MemoryService, failing: Failing, embedder: WordEmbedder
) -> None:
    made = (await add(service, "lives in oslo")).memory
    failing.broken = {"upsert"}
    with pytest.raises(StoreUnavailable):
        await service.memories.correct(DEFAULT, made.id, Correction(content="lives in moss"))
    failing.broken = set()
    draft = NewMemory(content="lives in bergen", scope=ALICE, supersedes=(made.id,))
    (answer,) = await service.memories.add(DEFAULT, [draft])
    assert isinstance(answer, Added)
    vector = (await embedder.embed(["lives in oslo"]))[0]
    (tenant,) = (await service.project()).tenants()
    hits = await failing.nearest(tenant, vector, Where(open=True), 10)
    assert [hit.memory_id for hit in hits] == [answer.memory.id]


async def test_supersedes_and_corrections_of_the_same_memory_may_meet(
    service: MemoryService,
) -> None:
    for n in range(20):
        made = (await add(service, f"lives in town {n}")).memory
        draft = NewMemory(content=f"moved to {n}", scope=ALICE, supersedes=(made.id,))
        _, (answer,) = await asyncio.gather(
            service.memories.correct(DEFAULT, made.id, Correction(content=f"lives in village {n}")),
            service.memories.add(DEFAULT, [draft]),
        )
        assert isinstance(answer, Added)
        assert (await service.memories.get(DEFAULT, made.id)).superseded_by == answer.memory.id
