"""What callers of memory.ports.vector_store.VectorStore rely on, asserted over every backend."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from config.settings import Settings
from memory.domain.errors import StartupRefused
from memory.domain.memory import Scope
from memory.domain.stemming import stems
from memory.ports.models import ModelCard
from memory.ports.vector_store import Retraction, VectorStore
from memory.query.views import Snapshot, Where
from tests.contract.points import (
    CARD,
    DIMENSIONS,
    EVERYTHING,
    TENANT,
    brute_force,
    drawn_points,
    drawn_worlds,
    found,
    ids,
    point,
    random_units,
    unit,
    versions,
)
from vector_store import open_vector_store


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
    assert versions(hits) == [("mem_a", 1), ("mem_a", 2), ("mem_b", 1)]


async def test_every_condition_agrees_with_brute_force(store: VectorStore) -> None:
    random = np.random.default_rng(3)
    points = drawn_points(random)
    await store.upsert(TENANT, points)
    alone = Where().also("owner", "user:user-1")
    agent = alone.also("agent_id", "agent")
    wheres = [
        EVERYTHING,
        Where(open=True),
        alone,
        replace(alone, open=True),
        Where(open=True, snapshot=Snapshot(105)),
        *(Where(snapshot=snapshot) for snapshot in drawn_worlds(random, 45)),
        *(replace(alone, snapshot=snapshot) for snapshot in drawn_worlds(random, 30)),
        *(
            replace(agent.also("metadata_token", "c=1"), snapshot=snapshot)
            for snapshot in drawn_worlds(random, 15)
        ),
        agent.also("metadata_token", "c=1"),
        Where().also("owner", "user:user-0", "user:user-2").also("session_id", "session-3"),
        Where()
        .also("user_id", "user-2")
        .also("metadata_token", "c=0", "c=2")
        .also("metadata_token", "m:1:k=n:3"),
        Where().also("memory_id", *(each.memory.id for each in points[::7])),
        Where().also("memory_id", *(f"mem_{i:03}" for i in range(50, 5050))),
        alone.also("app_id", "none-has-one"),
        alone.also("metadata_token"),
    ]
    for where, vector in zip(wheres, random_units(len(wheres), seed=5), strict=True):
        for limit in (7, 1000):
            hits = await store.nearest(TENANT, vector, where, limit)
            expected = brute_force(points, vector, where)[:limit]
            assert versions(hits) == versions(expected), where
            assert [hit.score for hit in hits] == pytest.approx(
                [hit.score for hit in expected], abs=1e-5
            )
        worded = await store.match(TENANT, ["tea"], where, 1000)
        assert sorted(versions(worded)) == sorted(versions(expected)), where


async def test_fields_match_byte_for_byte(store: VectorStore) -> None:
    names = ["alice", "alice-bob", "Alice", "alice@example.com", "alice bob", "bob alice", "al*ce"]
    names += ["al?ce", "alíce", "ali\u0301ce", "アリス", "алиса", "a" * 256, '"alice"', "alice\\"]
    await store.upsert(
        TENANT,
        [
            point(f"mem_{i}", scope=Scope(user_id=name, session_id=name), tokens=[f"c={name}"])
            for i, name in enumerate(names)
        ],
    )
    for i, name in enumerate(names):
        for field, value in [
            ("owner", f"user:{name}"),
            ("user_id", name),
            ("session_id", name),
            ("metadata_token", f"c={name}"),
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
            point("mem_1", tokens=["c=food", "c=travel"]),
            point("mem_2", tokens=["c=food"]),
            point("mem_3", tokens=[]),
        ],
    )
    assert await found(store, Where().also("metadata_token", "c=food", "c=travel")) == {
        "mem_1",
        "mem_2",
    }
    assert await found(
        store, Where().also("metadata_token", "c=food").also("metadata_token", "c=travel")
    ) == {"mem_1"}


async def test_erase_removes_every_version_from_both_arms(store: VectorStore) -> None:
    both = [point("mem_1", text="tea", version=version) for version in (1, 2)]
    await store.upsert(TENANT, [*both, point("mem_2", text="tea")])
    await store.nearest(TENANT, unit(1), EVERYTHING, 10)
    await store.erase(TENANT, ["mem_1", "mem_missing"])
    assert await found(store, EVERYTHING) == {"mem_2"}
    assert ids(await store.match(TENANT, ["tea"], EVERYTHING, 10)) == ["mem_2"]


async def test_writing_again_replaces(store: VectorStore) -> None:
    write = store.upsert
    await write(TENANT, [point("mem_1", unit(1), text="tea", tokens=["c=old"])])
    await store.nearest(TENANT, unit(1), EVERYTHING, 10)
    await write(TENANT, [point("mem_1", unit(0, 1), text="coffee", tokens=["c=new"])])
    await write(TENANT, [point("mem_1", unit(0, 1), text="coffee", tokens=["c=new"])])
    [hit] = await store.nearest(TENANT, unit(0, 1), EVERYTHING, 10)
    assert hit.score == pytest.approx(1, abs=1e-5)
    assert await found(store, Where().also("metadata_token", "c=old")) == set()
    assert await store.match(TENANT, ["tea"], EVERYTHING, 10) == []
    assert len(await store.match(TENANT, stems("coffee"), EVERYTHING, 10)) == 1


async def test_a_batch_may_name_a_point_twice(store: VectorStore) -> None:
    await store.upsert(TENANT, [point("mem_1", unit(1)), point("mem_1", unit(0, 1))] * 4)
    [hit] = await store.nearest(TENANT, unit(0, 1), EVERYTHING, 10)
    assert hit.score == pytest.approx(1, abs=1e-5)


async def test_a_thousand_points_at_once(store: VectorStore) -> None:
    vectors = random_units(1000, seed=6)
    points = [point(f"mem_{i:04}", vector, text=f"word{i}") for i, vector in enumerate(vectors)]
    await store.upsert(TENANT, points)
    await store.upsert(TENANT, points)
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
    ranged = Where(snapshot=Snapshot(120)).also("owner", "user:alice")
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
