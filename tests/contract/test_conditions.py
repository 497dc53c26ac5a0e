"""Trees of conditions, lists and counts: the stores agree with what memory.query.conditions
says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config.settings import Settings
from memory.domain.memory import SCOPE_FIELDS, Scope
from memory.ports.vector_store import Listed, Named, Point, VectorStore
from memory.query.conditions import EVERYTHING as EVERY_MEMORY
from memory.query.conditions import (
    NOTHING,
    Condition,
    Every,
    Is,
    Not,
    Present,
    Some,
    Within,
    exact,
    meets,
    storable,
)
from memory.query.views import Snapshot, Where
from tests.contract.conditions import drawn_memories, storable_trees, trees
from tests.contract.points import (
    CARD,
    EVERYTHING,
    TENANT,
    brute_force,
    drawn_worlds,
    found,
    holds,
    listing,
    point,
    unit,
    versions,
)
from tests.weaviate_server import OwnedServer
from vector_store import open_vector_store

MEMORIES = drawn_memories(np.random.default_rng(22))
WORLDS = drawn_worlds(np.random.default_rng(23), 20)
AL = Where().also("owner", "user:al")
some_trees = examples(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def filled(store: VectorStore) -> VectorStore:
    await store.upsert(TENANT, MEMORIES)
    return store


def wheres(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Where]:
    clauses = st.sampled_from([(), AL.clauses, (("metadata_token", ("c=food",)),)])
    snapshots = st.none() | st.sampled_from(WORLDS)
    return st.builds(Where, clauses, st.booleans(), snapshots, conditions)


async def assert_agrees(store: VectorStore, where: Where, points: list[Point]) -> None:
    """Every way to ask finds exactly what holds."""
    expected = [each for each in points if holds(each, where)]
    keys = {(each.memory.id, each.memory.version) for each in expected}
    nearest = await store.nearest(TENANT, unit(1, 2), where, 1000)
    assert versions(nearest) == versions(brute_force(points, unit(1, 2), where))
    assert set(versions(await store.match(TENANT, ["tea"], where, 1000))) == keys
    assert await store.select(TENANT, where, None, 1000) == listing(expected)
    assert await store.count(TENANT, where) == len(expected)


@some_trees
@given(where=wheres(storable_trees))
async def test_every_way_to_ask_agrees_with_the_condition(
    filled: VectorStore, where: Where
) -> None:
    await assert_agrees(filled, where, MEMORIES)


@some_trees
@given(tree=trees)
async def test_a_relaxed_condition_loses_no_memory_and_an_exact_one_adds_none(
    filled: VectorStore, tree: Condition
) -> None:
    meeting = {(m.id, m.version) for m in (each.memory for each in MEMORIES) if meets(tree, m)}
    rows = await filled.select(TENANT, EVERYTHING.narrowed(storable(tree)), None, 1000)
    answered = {(row.memory_id, row.version) for row in rows}
    assert answered == meeting if exact(tree) else answered >= meeting


@pytest.mark.parametrize(
    "condition",
    [
        EVERY_MEMORY,
        NOTHING,
        Not(EVERY_MEMORY),
        Not(NOTHING),
        Some((Every(), NOTHING)),
        Every((Some(), EVERY_MEMORY)),
        Is("user_id", ()),
        Not(Is("metadata_token", ())),
        Within("valid_to"),
        Not(Within("valid_to", 105)),
        Within("valid_to", None, 2**60),
        Within("valid_from", -(2**52)),
        Present("app_id"),
        Not(Present("app_id")),
        Every(tuple(Not(Present(field)) for field in SCOPE_FIELDS[1:])),
        Not(Some(tuple(Is(field, ("al", "*")) for field in SCOPE_FIELDS))),
        Not(Not(Not(Is("agent_id", ("*",))))),
    ],
    ids=repr,
)
async def test_conditions_at_their_limits(filled: VectorStore, condition: Condition) -> None:
    for where in (Where(), Where(open=True), Where(snapshot=Snapshot(105, 108)), AL):
        await assert_agrees(filled, replace(where, condition=condition), MEMORIES)


async def test_the_deepest_and_the_widest_condition(filled: VectorStore) -> None:
    deep: Condition = Is("user_id", ("al",))
    for i in range(8):
        rest = (Is("metadata_token", ("c=food",)), Not(Within("valid_from", 100 + i)))
        deep = Not(Every((deep, *rest))) if i % 2 else Some((deep, Every(rest)))
    wide = Some(
        tuple(
            Every((Is("memory_id", (f"mem_{i % 60:03}",)), Not(Is("agent_id", ("al",)))))
            for i in range(0, 200, 3)
        )
    )
    for condition in (deep, wide, Not(wide), Every((deep, wide))):
        await assert_agrees(filled, Where(condition=condition), MEMORIES)


async def test_lists_of_a_thousand_values_many_times_over(filled: VectorStore) -> None:
    """More than SQLite binds at once."""
    parts = []
    for part in range(33):
        others = tuple(f"mem_{part:03}{i:05}" for i in range(1000))
        parts.append(Is("memory_id", (*others, f"mem_{part:03}")))
    await assert_agrees(filled, Where(condition=Some(tuple(parts))), MEMORIES)
    names = (*(f"user:u{i}" for i in range(1000)), "user:al", "agent:al*")
    await assert_agrees(filled, Where().also("owner", *names), MEMORIES)


async def test_ids_in_conditions_are_compared_byte_for_byte(store: VectorStore) -> None:
    names = ["al", "al*", "a?", "a*", "?", "%", "a_", "AL", "al bob", "ál", "a\u0301l", "'al'"]
    points = [
        point(f"mem_{i:02}", scope=Scope(session_id="s", agent_id=name), tokens=[f"c={name}"])
        for i, name in enumerate(names)
    ]
    await store.upsert(TENANT, [*points, point("mem_none")])
    for i, name in enumerate(names):
        its = {f"mem_{i:02}"}
        for part in (Is("agent_id", (name,)), Is("metadata_token", (f"c={name}",))):
            assert await found(store, Where(condition=Some((part, NOTHING)))) == its, name
            others = await found(store, Where(condition=Not(part)))
            assert others == {f"mem_{k:02}" for k in range(len(names))} - its | {"mem_none"}, name
    assert await found(store, Where(condition=Not(Present("agent_id")))) == {"mem_none"}


async def test_a_list_goes_on_page_by_page(
    filled: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one page is more than Weaviate answers at once."""
    monkeypatch.setattr("vector_store.weaviate.MOST_MATCHES", 11)
    for where in (
        Where(),
        Where(condition=Not(Is("metadata_token", ("c=food",)))),
        replace(AL, open=True),
    ):
        expected = listing(each for each in MEMORIES if holds(each, where))
        for limit in (1, 11, 25, 1000):
            rows: list[Listed] = []
            while page := await filled.select(TENANT, where, rows[-1] if rows else None, limit):
                assert len(page) <= limit
                rows += page
            assert rows == expected
    beyond = Listed(105, "mem_050", 7)
    expected = [each for each in listing(MEMORIES) if each < beyond]
    assert await filled.select(TENANT, EVERYTHING, beyond, 20) == expected[:20]
    assert await filled.select(TENANT, EVERYTHING, beyond, 0) == []


async def test_a_list_ends_with_the_earliest_instants(store: VectorStore) -> None:
    begun = (-8_520_336_000_000_000, -1, 0, 8_835_955_199_999_999)
    points = [point(f"mem_{i}", valid_from=instant) for i, instant in enumerate(begun)]
    await store.upsert(TENANT, points)
    assert await store.select(TENANT, EVERYTHING, None, 10) == listing(points)
    assert await store.select(TENANT, EVERYTHING, listing(points)[1], 10) == listing(points[:2])
    [name] = await store.named(TENANT, "user_id", EVERYTHING)
    assert name == Named("alice", 4, begun[0], 100)


@pytest.mark.parametrize("most", [1000, 3])
async def test_entities_are_named_with_what_there_is_of_them(
    filled: VectorStore, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where there are more than Weaviate may group."""
    monkeypatch.setattr("vector_store.weaviate_lists.MOST_GROUPS", most)
    for field in SCOPE_FIELDS:
        for where in (
            Where(),
            AL,
            Where(open=True, condition=Not(Is("metadata_token", ("c=food",)))),
        ):
            expected: dict[str, list[Point]] = {}
            for each in MEMORIES:
                if holds(each, where) and (name := getattr(each.memory.scope, field)):
                    expected.setdefault(name, []).append(each)
            named = await filled.named(TENANT, field, where)
            assert {each.value: each for each in named} == {
                name: Named(
                    name,
                    len(theirs),
                    min(each.memory.valid_from for each in theirs),
                    max(each.memory.recorded_at for each in theirs),
                )
                for name, theirs in expected.items()
            }
            assert len(named) == len(expected)


async def test_what_changes_is_counted_anew(store: VectorStore) -> None:
    absent = Where(condition=Not(Is("metadata_token", ("c=absent",))))
    await store.upsert(TENANT, [point(f"mem_{i}") for i in range(9)])
    await store.erase(TENANT, ["mem_0", "mem_1"])
    await store.upsert(TENANT, [point("mem_2", unit(0, 1)), point("mem_9")])
    for where in (EVERYTHING, absent):
        assert await store.count(TENANT, where) == 8
        assert len(await store.select(TENANT, where, None, 8)) == 8
    [alice] = await store.named(TENANT, "user_id", absent)
    assert alice.versions == 8


@pytest.mark.weaviate
async def test_a_negation_takes_in_nothing_that_is_gone(
    weaviate: Settings, owned: OwnedServer
) -> None:
    """A Weaviate that starts no longer knows which of its numbers stand for an object."""
    store = open_vector_store(weaviate)
    await store.open(CARD)
    await store.upsert(TENANT, [point(f"mem_{i:02}") for i in range(40)])
    await store.erase(TENANT, [f"mem_{i:02}" for i in range(0, 40, 2)])
    await store.close()
    owned.stop()
    owned.start()
    store = open_vector_store(weaviate)
    await store.open(CARD)
    for condition in (
        Not(Is("metadata_token", ("c=absent",))),
        Not(NOTHING),
        Not(Present("app_id")),
    ):
        where = Where(condition=condition)
        assert await store.count(TENANT, where) == 20
        assert len(await store.select(TENANT, where, None, 20)) == 20
    await store.close()


async def test_a_missing_tenant_lists_and_counts_nothing(store: VectorStore) -> None:
    where = Where(condition=Not(Present("app_id")))
    assert await store.select("p9-g1-b0", where, None, 5) == []
    assert await store.count("p9-g1-b0", where) == 0
    assert await store.named("p9-g1-b0", "user_id", where) == []


async def test_a_clause_without_values_lists_and_counts_nothing(filled: VectorStore) -> None:
    where = AL.also("metadata_token")
    assert await filled.select(TENANT, where, None, 5) == []
    assert await filled.count(TENANT, where) == 0
    assert await filled.named(TENANT, "user_id", where) == []
