"""What callers of memory.ports.VectorStore rely on, asserted over every backend."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.settings import Settings
from memory.clock import EARLIEST, LATEST
from memory.errors import StartupRefused, StoreUnavailable
from memory.lexicon import stems
from memory.model import Memory, Scope, Where
from memory.ports import Hit, ModelCard, Point, Retraction, Vectors, VectorStore
from tests.weaviate_server import OwnedServer, WeaviateServer
from vector_store import open_vector_store

DIMENSIONS = 8
CARD = ModelCard("test-model", DIMENSIONS)
TENANT = "p1-g1-b0"
EVERYTHING = Where()
ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys, tests.contract.test_vector_store as t

async def main():
    store = t.open_vector_store(t.Settings(data_dir=sys.argv[1]))
    await store.open(t.CARD)
    for i in range(100_000):
        await store.upsert(t.TENANT, [t.point(f"mem_{i}")])
        print(i, flush=True)

asyncio.run(main())
"""
BACKENDS = ["embedded", pytest.param("weaviate", marks=pytest.mark.weaviate)]


@pytest.fixture
def weaviate(weaviate_process: WeaviateServer) -> Iterator[Settings]:
    """Settings with a collection of their own."""
    collection = f"Test{uuid.uuid4().hex}"
    connection = {"http_url": weaviate_process.http_url, "grpc_url": weaviate_process.grpc_url}
    yield Settings(
        vector_store={"backend": "weaviate"},
        weaviate={**connection, "collection": collection, "deadline_s": 2},
    )
    weaviate_process.remove(collection)


@pytest.fixture(params=BACKENDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "weaviate":
        return request.getfixturevalue("weaviate")
    return Settings(data_dir=tmp_path, vector_store={"backend": "embedded"})


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[VectorStore]:
    opened = open_vector_store(settings)
    await opened.open(CARD)
    yield opened
    await opened.close()


@pytest.fixture
def owned(weaviate_process: WeaviateServer) -> OwnedServer:
    if not isinstance(weaviate_process, OwnedServer):
        pytest.skip("only a Weaviate started by the tests may be paused and killed")
    return weaviate_process


def unit(*numbers: float) -> Vectors:
    """A vector of length 1 that begins with these numbers."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(numbers)] = numbers
    return vector / np.linalg.norm(vector)


def random_units(count: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def point(
    memory_id: str,
    vector: Vectors | None = None,
    text: str = "",
    tags: Sequence[str] = (),
    scope: Scope | None = None,
    **fields: Any,
) -> Point:
    memory = Memory(
        id=memory_id,
        content=text,
        scope=scope or Scope(user_id="alice"),
        **({"valid_from": 100, "recorded_at": 100} | fields),
    )
    return Point(memory, unit(1) if vector is None else vector, stems(text), tuple(tags))


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.memory_id for hit in hits]


async def found(store: VectorStore, where: Where, tenant: str = TENANT) -> set[str]:
    return set(ids(await store.nearest(tenant, unit(1), where, 1000)))


def holds(each: Point, where: Where) -> bool:
    """What a Where means, in plain Python."""
    memory = each.memory
    fields = {"owner": str(memory.scope.owner), "memory_id": memory.id, **memory.scope.given()}
    return (
        all(
            any(tag in values for tag in each.tags) if name == "tag" else fields.get(name) in values
            for name, values in where.clauses
        )
        and (memory.open or not where.open)
        and (
            where.valid_at is None or (memory.retracted_at is None and memory.valid(where.valid_at))
        )
    )


def brute_force(points: Sequence[Point], vector: Vectors, where: Where) -> list[Hit]:
    hits = [
        Hit(each.memory.id, each.memory.version, float(each.vector @ vector))
        for each in points
        if holds(each, where)
    ]
    return sorted(hits, key=lambda hit: -hit.score)


async def revived(store: VectorStore) -> None:
    """Return once the store answers again."""
    for _ in range(100):
        try:
            return await store.check()
        except StoreUnavailable:
            await asyncio.sleep(0.2)
    raise AssertionError("the store did not come back")


async def test_nearest_returns_cosines_best_first(store: VectorStore) -> None:
    await store.upsert(
        TENANT,
        [
            point("mem_far", unit(-1)),
            point("mem_half", unit(1, 1)),
            point("mem_same", unit(1)),
            point("mem_across", unit(0, 1)),
        ],
    )
    hits = await store.nearest(TENANT, unit(1), EVERYTHING, 10)
    assert ids(hits) == ["mem_same", "mem_half", "mem_across", "mem_far"]
    assert [hit.score for hit in hits] == pytest.approx([1, 0.5**0.5, 0, -1], abs=1e-5)
    assert ids(await store.nearest(TENANT, unit(1), EVERYTHING, 2)) == ["mem_same", "mem_half"]


async def test_equal_scores_are_ordered_by_id_and_version(store: VectorStore) -> None:
    await store.upsert(TENANT, [point("mem_b"), point("mem_a", version=2), point("mem_a")])
    hits = await store.nearest(TENANT, unit(1), EVERYTHING, 10)
    assert [(hit.memory_id, hit.version) for hit in hits] == [
        ("mem_a", 1),
        ("mem_a", 2),
        ("mem_b", 1),
    ]


async def test_every_condition_agrees_with_brute_force(store: VectorStore) -> None:
    random = np.random.default_rng(3)
    points = [
        point(
            f"mem_{i:03}",
            vector,
            tags=[f"c={random.integers(4)}", f"m:1:k=n:{random.integers(6)}"],
            scope=Scope(
                user_id=f"user-{random.integers(3)}",
                agent_id=[None, "agent"][random.integers(2)],
                session_id=f"session-{random.integers(5)}",
            ),
            valid_from=int(random.integers(50, 150)),
            valid_to=[None, int(random.integers(150, 250))][random.integers(2)],
            retracted_at=[None, None, 500][random.integers(3)],
        )
        for i, vector in enumerate(random_units(200, seed=4))
    ]
    await store.upsert(TENANT, points)
    alone = Where().also("owner", "user:user-1")
    wheres = [
        EVERYTHING,
        Where(open=True),
        Where(valid_at=100),
        Where(valid_at=200),
        alone,
        replace(alone, open=True),
        replace(alone, valid_at=160),
        Where(open=True, valid_at=100),
        alone.also("agent_id", "agent").also("tag", "c=1"),
        Where().also("owner", "user:user-0", "user:user-2").also("session_id", "session-3"),
        Where().also("user_id", "user-2").also("tag", "c=0", "c=2").also("tag", "m:1:k=n:3"),
        Where().also("memory_id", *(each.memory.id for each in points[::7])),
        Where().also("memory_id", *(f"mem_{i:03}" for i in range(100, 5100))),
        alone.also("app_id", "none-has-one"),
        alone.also("tag"),
    ]
    for where, vector in zip(wheres, random_units(len(wheres), seed=5), strict=True):
        for limit in (7, 1000):
            hits = await store.nearest(TENANT, vector, where, limit)
            expected = brute_force(points, vector, where)[:limit]
            assert ids(hits) == ids(expected), where
            assert [hit.score for hit in hits] == pytest.approx(
                [hit.score for hit in expected], abs=1e-5
            )


async def test_fields_match_byte_for_byte(store: VectorStore) -> None:
    names = ["alice", "alice-bob", "Alice", "alice@example.com", "alice bob", "bob alice", "al*ce"]
    names += ["al?ce", "alíce", "ali\u0301ce", "アリス", "алиса", "a" * 256, '"alice"', "alice\\"]
    await store.upsert(
        TENANT,
        [
            point(f"mem_{i}", scope=Scope(user_id=name, session_id=name), tags=[f"c={name}"])
            for i, name in enumerate(names)
        ],
    )
    for i, name in enumerate(names):
        for field, value in [
            ("owner", f"user:{name}"),
            ("user_id", name),
            ("session_id", name),
            ("tag", f"c={name}"),
        ]:
            assert await found(store, Where().also(field, value)) == {f"mem_{i}"}, (field, name)


async def test_an_agents_memory_is_not_a_users_of_the_same_name(store: VectorStore) -> None:
    await store.upsert(
        TENANT,
        [
            point("mem_user", scope=Scope(user_id="sam")),
            point("mem_agent", scope=Scope(agent_id="sam")),
            point("mem_both", scope=Scope(user_id="eve", agent_id="sam")),
        ],
    )
    assert await found(store, Where().also("owner", "agent:sam")) == {"mem_agent"}
    assert await found(store, Where().also("agent_id", "sam")) == {"mem_agent", "mem_both"}


async def test_one_clause_takes_any_of_its_tags_and_two_clauses_need_both(
    store: VectorStore,
) -> None:
    await store.upsert(
        TENANT,
        [
            point("mem_1", tags=["c=food", "c=travel"]),
            point("mem_2", tags=["c=food"]),
            point("mem_3", tags=[]),
        ],
    )
    assert await found(store, Where().also("tag", "c=food", "c=travel")) == {"mem_1", "mem_2"}
    assert await found(store, Where().also("tag", "c=food").also("tag", "c=travel")) == {"mem_1"}


async def test_valid_at_includes_the_start_and_excludes_the_end(store: VectorStore) -> None:
    early = EARLIEST + 1
    await store.upsert(
        TENANT,
        [
            point("mem_open", valid_from=100),
            point("mem_bounded", valid_from=100, valid_to=200),
            point("mem_later", valid_from=300, recorded_at=100),
            point("mem_1700", valid_from=early, valid_to=early + 1),
        ],
    )
    assert await found(store, Where(open=True)) == {"mem_open"}
    assert await found(store, Where(valid_at=99)) == set()
    assert await found(store, Where(valid_at=100)) == {"mem_open", "mem_bounded"}
    assert await found(store, Where(valid_at=199)) == {"mem_open", "mem_bounded"}
    assert await found(store, Where(valid_at=200)) == {"mem_open"}
    assert await found(store, Where(valid_at=300)) == {"mem_open", "mem_later"}
    assert await found(store, Where(valid_at=LATEST - 1)) == {"mem_open", "mem_later"}
    assert await found(store, Where(valid_at=early)) == {"mem_1700"}
    assert await found(store, Where(valid_at=early + 1)) == set()


async def test_retracted_versions_are_neither_open_nor_valid(store: VectorStore) -> None:
    await store.upsert(TENANT, [point("mem_1"), point("mem_1", version=2), point("mem_2")])
    retractions = [Retraction("mem_1", 1, 200), Retraction("mem_1", 9, 200)]
    await store.retract(TENANT, [*retractions, Retraction("mem_missing", 1, 200)])
    for where in (Where(open=True), Where(valid_at=150)):
        hits = await store.nearest(TENANT, unit(1), where, 10)
        assert [(hit.memory_id, hit.version) for hit in hits] == [("mem_1", 2), ("mem_2", 1)]
    assert len(await store.nearest(TENANT, unit(1), EVERYTHING, 10)) == 3


async def test_erase_removes_every_version_from_both_arms(store: VectorStore) -> None:
    both = [point("mem_1", text="tea", version=version) for version in (1, 2)]
    await store.upsert(TENANT, [*both, point("mem_2", text="tea")])
    await store.nearest(TENANT, unit(1), EVERYTHING, 10)
    await store.erase(TENANT, ["mem_1", "mem_missing"])
    assert await found(store, EVERYTHING) == {"mem_2"}
    assert ids(await store.match(TENANT, ["tea"], EVERYTHING, 10)) == ["mem_2"]


@pytest.mark.parametrize("method", ["upsert", "restore"])
async def test_writing_again_replaces(store: VectorStore, method: str) -> None:
    write = getattr(store, method)
    await write(TENANT, [point("mem_1", unit(1), text="tea", tags=["c=old"])])
    await store.nearest(TENANT, unit(1), EVERYTHING, 10)
    await write(TENANT, [point("mem_1", unit(0, 1), text="coffee", tags=["c=new"])])
    await write(TENANT, [point("mem_1", unit(0, 1), text="coffee", tags=["c=new"])])
    [hit] = await store.nearest(TENANT, unit(0, 1), EVERYTHING, 10)
    assert hit.score == pytest.approx(1, abs=1e-5)
    assert await found(store, Where().also("tag", "c=old")) == set()
    assert await store.match(TENANT, ["tea"], EVERYTHING, 10) == []
    assert len(await store.match(TENANT, stems("coffee"), EVERYTHING, 10)) == 1


async def test_a_batch_may_name_a_point_twice(store: VectorStore) -> None:
    await store.upsert(TENANT, [point("mem_1", unit(1)), point("mem_1", unit(0, 1))] * 4)
    [hit] = await store.nearest(TENANT, unit(0, 1), EVERYTHING, 10)
    assert hit.score == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("method", ["upsert", "restore"])
async def test_a_thousand_points_at_once(store: VectorStore, method: str) -> None:
    vectors = random_units(1000, seed=6)
    points = [point(f"mem_{i:04}", vector, text=f"word{i}") for i, vector in enumerate(vectors)]
    await getattr(store, method)(TENANT, points)
    await getattr(store, method)(TENANT, points)
    where = Where(open=True).also("owner", "user:alice")
    assert len(await store.nearest(TENANT, unit(1), where, 2000)) == 1000
    for each in points[::100]:
        assert ids(await store.nearest(TENANT, each.vector, where, 1)) == [each.memory.id]
        assert ids(await store.match(TENANT, each.terms, where, 2)) == [each.memory.id]
    await store.erase(TENANT, [each.memory.id for each in points[:-1]])
    assert await found(store, where) == {"mem_0999"}


async def test_a_missing_tenant_reads_empty_and_takes_removals(store: VectorStore) -> None:
    assert await store.nearest("p9-g1-b0", unit(1), EVERYTHING, 5) == []
    assert await store.match("p9-g1-b0", ["tea"], EVERYTHING, 5) == []
    await store.retract("p9-g1-b0", [Retraction("mem_1", 1, 5)])
    await store.erase("p9-g1-b0", ["mem_1"])
    await store.drop("p9-g1-b0")


async def test_tenants_are_apart_and_one_can_be_dropped(store: VectorStore) -> None:
    for tenant in ("p1-g1-b0", "p1-g1-b1", "p2-g1-b0"):
        await store.upsert(tenant, [point(f"mem_{tenant}", text="tea")])
    assert await found(store, EVERYTHING, "p1-g1-b1") == {"mem_p1-g1-b1"}
    await store.drop("p1-g1-b1")
    assert await found(store, EVERYTHING, "p1-g1-b1") == set()
    assert await store.match("p1-g1-b1", ["tea"], EVERYTHING, 5) == []
    assert await found(store, EVERYTHING, "p2-g1-b0") == {"mem_p2-g1-b0"}
    await store.upsert("p1-g1-b1", [point("mem_new", unit(0, 1))])
    [hit] = await store.nearest("p1-g1-b1", unit(0, 1), EVERYTHING, 5)
    assert (hit.memory_id, hit.score) == ("mem_new", pytest.approx(1, abs=1e-5))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("She loves hiking in the mountains", "hike"),
        ("Wir wohnen in Zürich", "zürich"),
        ("Живёт в городе Санкт-Петербург", "петербург"),
        ("東京", "東京"),
        ("Runs NEAR the river AND swims", "near(river)"),
        ('He said "no*" (twice), didn\'t he?', '"no"* OR twice)'),
        ("snake_case is fine", "snake_case"),
    ],
)
async def test_match_finds_stems_of_any_language(store: VectorStore, text: str, query: str) -> None:
    await store.upsert(TENANT, [point("mem_1", text=text), point("mem_2", text="green tea")])
    for where in (EVERYTHING, Where(open=True).also("owner", "user:alice")):
        assert ids(await store.match(TENANT, stems(query), where, 5)) == ["mem_1"]


async def test_no_term_is_taken_for_query_language(store: VectorStore) -> None:
    terms = ["NEAR", "AND", "OR", "NOT", "c++", '"quoted"', "(paren)", "a*", "terms:tea", "o'neil"]
    terms += [
        "-minus",
        "^",
        "naïve",
        "naive",
        "東京",
        "foo_bar",
        "foo",
        "💡",
        "the",
        "\\",
        "*",
        "?",
    ]
    points = [replace(point(f"mem_{i}"), terms=(term,)) for i, term in enumerate(terms)]
    await store.upsert(TENANT, points)
    for i, term in enumerate(terms):
        assert ids(await store.match(TENANT, [term], EVERYTHING, 50)) == [f"mem_{i}"], term
    assert await store.match(TENANT, ["absent"], EVERYTHING, 5) == []
    assert await store.match(TENANT, [], EVERYTHING, 5) == []


async def test_match_takes_any_term_prefers_more_of_them_and_obeys_conditions(
    store: VectorStore,
) -> None:
    scope = Scope(user_id="bob")
    await store.upsert(
        TENANT,
        [
            point("mem_1", text="alice drinks green tea"),
            point("mem_2", text="a black coffee tea mix of some length"),
            point("mem_3", text="football"),
            point("mem_4", text="green tea", scope=scope),
            point("mem_5", text="green tea", valid_to=150),
            *(point(f"mem_1{i}", text=f"unrelated filler{i}") for i in range(10)),
        ],
    )
    alice = Where(open=True).also("owner", "user:alice")
    assert ids(await store.match(TENANT, ["green", "tea"], alice, 5)) == ["mem_1", "mem_2"]
    assert ids(await store.match(TENANT, ["green", "tea"], alice, 1)) == ["mem_1"]
    bob = Where().also("owner", "user:bob", "user:nobody")
    assert ids(await store.match(TENANT, ["green", "absent"], bob, 5)) == ["mem_4"]
    ranged = Where(valid_at=120).also("owner", "user:alice")
    assert set(ids(await store.match(TENANT, ["green"], ranged, 5))) == {"mem_1", "mem_5"}


async def test_points_outlive_the_store_and_are_seen_by_its_replicas(
    store: VectorStore, settings: Settings
) -> None:
    await store.upsert(TENANT, [point("mem_1", text="tea")])
    replica = open_vector_store(settings)
    await replica.open(CARD)
    assert await found(replica, EVERYTHING) == {"mem_1"}
    await asyncio.gather(
        *(store.upsert(TENANT, [point(f"mem_a{i}")]) for i in range(20)),
        *(replica.upsert(TENANT, [point(f"mem_b{i}")]) for i in range(20)),
    )
    await replica.erase(TENANT, ["mem_1", "mem_a1"])
    assert await found(store, EVERYTHING) == await found(replica, EVERYTHING)
    assert len(await found(store, EVERYTHING)) == 39
    await replica.drop(TENANT)
    await store.upsert(TENANT, [point("mem_last", unit(0, 1))])
    await replica.close()

    replica = open_vector_store(settings)
    await replica.open(CARD)
    [hit] = await replica.nearest(TENANT, unit(0, 1), EVERYTHING, 5)
    assert (hit.memory_id, hit.score) == ("mem_last", pytest.approx(1, abs=1e-5))
    await replica.close()


@pytest.mark.parametrize("card", [ModelCard("other", DIMENSIONS), ModelCard("test-model", 4)])
async def test_another_model_is_refused(
    store: VectorStore, settings: Settings, card: ModelCard
) -> None:
    await store.upsert(TENANT, [point("mem_1")])
    other = open_vector_store(settings)
    with pytest.raises(StartupRefused, match=r"holds vectors of test-model \(8\)"):
        await other.open(card)
    await other.close()


async def test_data_of_a_newer_format_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        for module in ("tenant_file", "weaviate_schema"):
            newer.setattr(f"vector_store.{module}.FORMAT", 99)
        store = open_vector_store(settings)
        await store.open(CARD)
        await store.upsert(TENANT, [point("mem_1")])
        await store.close()
    store = open_vector_store(settings)
    with pytest.raises(StartupRefused, match="has format 99"):
        await store.open(CARD)
    await store.close()


async def test_check_passes_while_the_store_is_up(store: VectorStore) -> None:
    await store.check()
    await store.upsert(TENANT, [point("mem_1")])
    await store.check()


async def test_a_killed_process_keeps_every_acknowledged_point(tmp_path: Path) -> None:
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    acknowledged = [int(await writer.stdout.readline()) for _ in range(50)]
    writer.kill()
    acknowledged += map(int, (await writer.stdout.read()).split())
    await writer.wait()
    store = open_vector_store(Settings(data_dir=tmp_path))
    await store.open(CARD)
    assert await found(store, EVERYTHING) >= {f"mem_{i}" for i in acknowledged}
    await store.close()


async def test_a_folder_that_cannot_hold_vectors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "foreign/vectors").mkdir(parents=True)
    (tmp_path / "foreign/vectors/p1-g1-b0.db").write_text("not a database, but long enough" * 9)
    for data_dir, reason in [("file", "cannot keep vectors"), ("foreign", "not a database")]:
        store = open_vector_store(Settings(data_dir=tmp_path / data_dir))
        with pytest.raises(StartupRefused, match=reason):
            await store.open(CARD)
        await store.close()


async def test_a_damaged_file_makes_the_store_unavailable(tmp_path: Path) -> None:
    store = open_vector_store(Settings(data_dir=tmp_path))
    await store.open(CARD)
    (tmp_path / "vectors" / f"{TENANT}.db").write_text("not a database, but long enough" * 9)
    with pytest.raises(StoreUnavailable):
        await store.nearest(TENANT, unit(1), EVERYTHING, 5)
    with pytest.raises(StoreUnavailable):
        await store.upsert(TENANT, [point("mem_1")])
    await store.close()


@pytest.mark.weaviate
@pytest.mark.parametrize("outage", ["paused", "killed"])
async def test_an_outage_is_told_once_slowly_then_at_once_and_ends_by_itself(
    weaviate: Settings, owned: OwnedServer, outage: str
) -> None:
    store = open_vector_store(weaviate)
    await store.open(CARD)
    await store.upsert(TENANT, [point("mem_1")])
    owned.pause() if outage == "paused" else owned.kill()
    calls = [
        lambda: store.nearest(TENANT, unit(1), EVERYTHING, 5),
        lambda: store.upsert(TENANT, [point("mem_2")]),
        lambda: store.upsert(TENANT, [point(f"mem_{i}") for i in range(3, 30)]),
        lambda: store.erase(TENANT, ["mem_1"]),
        store.check,
    ]
    async with asyncio.timeout(4 * weaviate.weaviate.deadline_s):
        with pytest.raises(StoreUnavailable):
            await calls[0]()
    async with asyncio.timeout(weaviate.weaviate.deadline_s / 2):
        for call in calls:
            with pytest.raises(StoreUnavailable) as refused:
                await call()
            assert refused.value.retry_after >= 1

    owned.resume() if outage == "paused" else owned.start()
    await revived(store)
    await store.upsert(TENANT, [point("mem_9")])
    assert await found(store, EVERYTHING) == {"mem_1", "mem_9"}
    await store.close()


@pytest.mark.weaviate
async def test_a_store_opened_before_its_server_opens_later(
    weaviate: Settings, owned: OwnedServer
) -> None:
    store = open_vector_store(weaviate)
    owned.kill()
    with pytest.raises(StoreUnavailable):
        await store.open(CARD)
    owned.start()
    async with asyncio.timeout(60):
        while True:
            try:
                await store.open(CARD)
                break
            except StoreUnavailable as error:
                await asyncio.sleep(error.retry_after)
    await store.upsert(TENANT, [point("mem_1")])
    await store.close()


@pytest.mark.weaviate
async def test_nobodys_words_reach_the_log(
    weaviate: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_vector_store(weaviate)
    await store.open(CARD)
    await store.upsert(TENANT, [point("mem_0")])
    wrong = np.ones(3, np.float32)
    points = [point(f"mem_{i}", wrong, text="secretword") for i in range(1, 9)]
    for count in (1, 8):
        with pytest.raises(StoreUnavailable) as refused:
            await store.upsert(TENANT, [*points[:count], point("mem_0")])
        assert "secretword" not in str(refused.value)
    assert "secretword" not in caplog.text
    await store.close()


@pytest.mark.weaviate
async def test_a_killed_server_finds_every_acknowledged_point_by_its_own_vector(
    weaviate: Settings, owned: OwnedServer
) -> None:
    store = open_vector_store(weaviate)
    await store.open(CARD)
    vectors = random_units(500, seed=1)
    points = [point(f"mem_{i:03}", vector) for i, vector in enumerate(vectors)]
    await asyncio.gather(*(store.upsert("singles", [each]) for each in points[:20]))
    await store.upsert("batch", points)
    for start in range(0, 60, 6):
        await store.upsert("batches", points[start : start + 6])
    await store.upsert("last-known", points[29:30])
    await store.upsert("last-known", points[:30])
    await store.upsert("restored", points[:40])
    await store.restore("restored", points[:30])
    await store.upsert("changed", points[:30])
    await store.retract("changed", [Retraction(each.memory.id, 1, 200) for each in points[:10]])
    await store.erase("changed", [each.memory.id for each in points[10:20]])

    owned.kill()
    owned.start()
    await revived(store)

    written = {"singles": 20, "batch": 500, "batches": 60, "last-known": 30, "restored": 40}
    for tenant, count in written.items():
        for each in points[:count]:
            [best] = await store.nearest(tenant, each.vector, EVERYTHING, 1)
            assert (tenant, best.memory_id) == (tenant, each.memory.id)
            assert best.score == pytest.approx(1, abs=1e-5)
    kept = {each.memory.id for each in points[20:30]}
    assert await found(store, Where(open=True), "changed") == kept
    assert await found(store, EVERYTHING, "changed") == kept | {
        each.memory.id for each in points[:10]
    }
    await store.close()
