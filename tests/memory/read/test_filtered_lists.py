"""Lists and searches by condition, on every backend, against the language in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config import Settings
from graph_store import open_graph_store
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import Forbidden, ScopeRequired, StoreUnavailable
from memory.domain.memory import Correction, Memory, NewMemory, Owner, Scope
from memory.domain.results import Added
from memory.domain.selections import Selected
from memory.query.filter_parser import parse
from memory.query.views import NOW, Query, Selection, View
from memory.service.build import MemoryService
from tests.memory.failing import Failing
from tests.memory.filter_language import DRAFTS, FILTERS, FIRST_DAY, NAMING, holds
from tests.redis_server import RedisServer
from tests.service import started_on
from tests.weaviate_server import stored_in
from vector_store import open_vector_store

DEFAULT = Caller(DEFAULT_PROJECT)
ANN = Caller(DEFAULT_PROJECT, user_id="ann")
DAY = 86_400_000_000
BACKENDS = [
    ("embedded", 1),
    ("embedded", 3),
    pytest.param(("weaviate", 1), marks=pytest.mark.weaviate),
]
LIVE = examples(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VIEWS = st.sampled_from(
    [
        NOW,
        View(superseded=True),
        View(expired=True),
        View(superseded=True, expired=True),
        View(as_of=FIRST_DAY + 3 * DAY),
        View(as_of=FIRST_DAY + DAY, expired=True),
    ]
)
BASES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"user_id": "ann"},
        {"user_id": "*"},
        {"run_id": "s1"},
        {"agent_id": "bot", "user_id": "*"},
        {"user_id": {"in": ["ann", "bob"]}},
        {"OR": [{"user_id": "ann"}, {"run_id": "s2"}, {"app_id": "shop"}]},
        {"OR": [{"user_id": "*"}, {"agent_id": "*"}, {"app_id": "*"}, {"run_id": "*"}]},
    ]
)


@pytest.fixture(params=BACKENDS, ids=str)
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> Iterator[Settings]:
    backend, buckets = request.param
    store = settings.vector_store.model_copy(update={"buckets": buckets})
    settings = settings.model_copy(update={"vector_store": store})
    yield from stored_in(backend, request, settings)


@dataclass(frozen=True, slots=True)
class Filled:
    service: MemoryService
    memories: Sequence[Memory]
    now: int

    def meant(self, filters: dict[str, Any], view: View) -> list[str]:
        snapshot = view.pinned(self.now)
        found = [m for m in self.memories if snapshot.shows(m) and holds(filters, m)]
        found.sort(key=lambda each: (each.valid_from, each.id), reverse=True)
        return [each.id for each in found]


async def added(service: MemoryService, drafts: Sequence[NewMemory]) -> list[str]:
    answers = await service.memories.add(DEFAULT, drafts)
    return [each.memory.id for each in answers if isinstance(each, Added)]


@pytest.fixture
async def filled(service: MemoryService) -> Filled:
    """70 memories of all kinds: some superseded, some corrected, some erased."""
    drafts: list[NewMemory] = []

    @examples(max_examples=70, derandomize=True, database=None)
    @given(DRAFTS)
    def draw(draft: NewMemory) -> None:
        drafts.append(draft)

    draw()
    ids = await added(service, drafts)
    assert len(ids) == len(drafts)
    owned: dict[str, list[str]] = {}
    for memory_id, draft in zip(ids, drafts, strict=True):
        if draft.valid_to is None:
            owned.setdefault(str(draft.scope.owner), []).append(memory_id)
    for old, *_ in (each for each in owned.values() if len(each) > 2):
        draft = replace(drafts[ids.index(old)], content="successor", valid_from=None)
        ids += await added(service, [replace(draft, supersedes=(old,))])
    for memory_id in ids[::9]:
        await service.memories.correct(DEFAULT, memory_id, Correction(metadata={"k": "tea"}))
    for memory_id in ids[5::20]:
        await service.memories.erase(DEFAULT, memory_id)
    kept = [each for n, each in enumerate(ids) if n % 20 != 5]
    memories = [await service.memories.get(DEFAULT, each) for each in kept]
    assert {each.superseded_by is None for each in memories} == {True, False}
    return Filled(service, memories, max(each.recorded_at for each in memories))


async def select(service: MemoryService, filters: dict[str, Any], **fields: Any) -> Selected:
    return await service.memories.select(DEFAULT, Selection(condition=parse(filters), **fields))


def ids_of(selected: Selected) -> list[str]:
    return [each.id for each in selected.memories]


@LIVE
@example({"user_id": "*"}, {}, NOW, 0, 30)
@example({"user_id": "*"}, {}, View(superseded=True), 0, 30)
@example({"user_id": "*"}, {}, View(expired=True), 10, 20)
@given(BASES, FILTERS, VIEWS, st.integers(0, 30), st.integers(1, 30))
async def test_lists_and_searches_are_what_the_filters_mean(
    filled: Filled,
    base: dict[str, Any],
    inner: dict[str, Any],
    view: View,
    offset: int,
    limit: int,
) -> None:
    filters = {"AND": [base, inner]}
    expected = filled.meant(filters, view)
    whole = await select(filled.service, filters, view=view)
    assert ids_of(whole) == expected
    assert whole.count == len(expected)
    page = await select(filled.service, filters, view=view, offset=offset, limit=limit)
    assert (page.count, ids_of(page)) == (len(expected), expected[offset : offset + limit])
    query = Query(text="green tea", condition=parse(filters), limit=1_000, threshold=0, view=view)
    hits = await filled.service.search.find(DEFAULT, query)
    assert sorted(each.memory.id for each in hits) == sorted(expected)


@LIVE
@given(NAMING, FILTERS)
async def test_nobody_is_listed_by_filters_that_may_name_nobody(
    filled: Filled, naming: dict[str, Any], filters: dict[str, Any]
) -> None:
    """Either every memory that is meant is listed, or the whole is refused."""
    for each in ({"OR": [naming, filters]}, {"NOT": filters}, filters):
        try:
            found = await select(filled.service, each)
        except ScopeRequired:
            continue
        assert ids_of(found) == filled.meant(each, NOW)


async def test_pages_of_many_memories_follow_each_other(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a trip to the index brings, in any number of tenants, some at the same instant."""
    monkeypatch.setattr("memory.read.filtered_lists._ROWS_A_TRIP", 40)
    drafts = [
        NewMemory(
            content=f"number {n}",
            scope=Scope(user_id=f"user-{n % 7}"),
            metadata={"n": n},
            valid_from=FIRST_DAY + n // 5,
        )
        for n in range(500)
    ]
    ids = await added(service, drafts)
    order = sorted(range(500), key=lambda n: (n // 5, ids[n]), reverse=True)
    everyone = {"user_id": "*"}
    odd = [n for n in order if n % 2]
    is_odd = {"NOT": {"metadata": {"n": {"in": list(range(0, 500, 2))}}}}
    big = [n for n in order if n > 30]
    for filters, expected in (
        (everyone, order),
        (everyone | is_odd, odd),
        (everyone | {"metadata": {"n": {"gt": 30}}}, big),
        (everyone | is_odd | {"user_id": "user-3"}, [n for n in odd if n % 7 == 3]),
    ):
        read: list[str] = []
        while page := (await select(service, filters, offset=len(read), limit=190)).memories:
            read += [each.id for each in page]
        assert read == [ids[n] for n in expected]


async def test_a_bound_caller_sees_only_their_own(filled: Filled) -> None:
    async def asked(filters: dict[str, Any]) -> list[str]:
        selection = Selection(condition=parse(filters))
        found = await filled.service.memories.select(ANN, selection)
        hits = await filled.service.search.find(
            ANN, Query(text="green tea", condition=parse(filters), limit=1_000, threshold=0)
        )
        assert sorted(hit.memory.id for hit in hits) == sorted(ids_of(found))
        assert found.count == len(found.memories)
        return ids_of(found)

    own = {"user_id": "ann"}
    assert await asked({}) == filled.meant(own, NOW) != []
    assert await asked({"user_id": "*"}) == filled.meant(own, NOW)
    assert await asked({"agent_id": "bot"}) == filled.meant(own | {"agent_id": "bot"}, NOW)
    either = {"OR": [{"run_id": "s1"}, {"app_id": "*"}]}
    assert await asked(either) == filled.meant(own | either, NOW)
    assert await asked({"NOT": {"user_id": "bob"}}) == filled.meant(own, NOW)
    for wrong in ({"user_id": "bob"}, {"OR": [own, {"user_id": {"in": ["ann", "bob"]}}]}):
        with pytest.raises(Forbidden):
            await asked(wrong)


@pytest.mark.parametrize(
    "filters",
    [
        {"NOT": {"user_id": "ann"}},
        {"user_id": {"ne": "ann"}},
        {"user_id": None},
        {"OR": [{"user_id": "ann"}, {"categories": "food"}]},
        {"memory_ids": ["mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"]},
        {},
    ],
    ids=str,
)
async def test_every_branch_must_name_somebody(
    service: MemoryService, filters: dict[str, Any]
) -> None:
    with pytest.raises(ScopeRequired):
        await select(service, filters)
    query = Query(text="tea", condition=parse(filters), limit=1, threshold=0)
    with pytest.raises(ScopeRequired):
        await service.search.find(DEFAULT, query)


async def test_a_scope_stands_for_a_name_in_the_filters(filled: Filled) -> None:
    scope = Scope(user_id="ann", agent_id="bot")
    for inner in ({}, {"NOT": {"run_id": "s1"}}, {"user_id": "bob"}):
        found = await select(filled.service, inner, scope=scope)
        assert ids_of(found) == filled.meant(
            {"AND": [{"user_id": "ann", "agent_id": "bot"}, inner]}, NOW
        )


async def test_filters_that_mean_nobody_find_nothing(filled: Filled) -> None:
    for filters in ({"OR": []}, {"user_id": {"in": []}}, {"user_id": "ann", "AND": {"OR": []}}):
        assert await select(filled.service, filters) == Selected(0, [])
        query = Query(text="tea", condition=parse(filters), limit=9, threshold=0)
        assert await filled.service.search.find(DEFAULT, query) == []
    nobody = await select(filled.service, {"user_id": "nobody"})
    assert (nobody.count, list(nobody.memories)) == (0, [])


async def test_entities_are_whoever_memories_name(filled: Filled) -> None:
    entities = await filled.service.memories.entities(DEFAULT)
    expected: dict[tuple[str, str], list[Memory]] = {}
    for memory in filled.memories:
        for field, value in memory.scope.given().items():
            expected.setdefault((field.removesuffix("_id"), value), []).append(memory)
    assert [(each.kind, each.value) for each in entities] == sorted(expected)
    for each in entities:
        named = expected[each.kind, each.value]
        assert each.memories == len(named)
        assert each.first == min(memory.valid_from for memory in named)
        assert each.last == max(memory.recorded_at for memory in named)
        assert each.id == str(int(each.id))
    assert len({each.id for each in entities}) == len(entities)
    for each in entities:
        only = Owner(each.kind, each.value)
        assert await filled.service.memories.entities(DEFAULT, only) == [each]
    assert await filled.service.memories.entities(DEFAULT, Owner("user", "nobody")) == []
    assert await filled.service.memories.entities(ANN, Owner("user", "bob")) == []
    own = await filled.service.memories.entities(ANN)
    anns = [each for each in filled.memories if each.scope.user_id == "ann"]
    assert [each.value for each in own if each.kind == "user"] == ["ann"]
    assert {each.value: each.memories for each in own if each.kind == "agent"} == {
        "bot": sum(each.scope.agent_id == "bot" for each in anns)
    }


async def test_what_the_record_does_not_confirm_is_not_listed(
    settings: Settings, redis_server: RedisServer
) -> None:
    vectors = Failing(open_vector_store(settings))
    graph = open_graph_store(settings, redis_server.url)
    service = await started_on(graph, vectors, settings)
    drafts = [NewMemory(content=f"likes tea {n}", scope=Scope(user_id="ann")) for n in range(3)]
    kept, changed, gone = await added(service, drafts)
    vectors.broken = {"upsert", "erase"}
    for late in (
        service.memories.erase(DEFAULT, gone),
        service.memories.correct(DEFAULT, changed, Correction(content="likes coffee now")),
    ):
        with suppress(StoreUnavailable):
            await late
    selected = await select(service, {"user_id": "ann"})
    assert (selected.count, set(ids_of(selected))) == (2, {kept, changed})
    told = {each.id: each.content for each in selected.memories}
    assert told[changed] == "likes coffee now"
    await service.care.close()
