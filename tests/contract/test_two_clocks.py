"""What a store shows of the world as it was, and as it was known: two clocks, hard filters."""

from __future__ import annotations

import pytest

from memory.domain.clock import EARLIEST, LATEST
from memory.domain.memory import Scope
from memory.domain.stemming import stems
from memory.ports.vector_store import Retraction, VectorStore
from memory.query.views import Snapshot, Where
from tests.contract.points import EVERYTHING, TENANT, found, ids, point, unit, versions

ALICE = Where().also("owner", "user:alice")


def alice(snapshot: Snapshot) -> Where:
    return Where(ALICE.clauses, snapshot=snapshot)


async def test_as_of_includes_the_start_and_excludes_the_end(store: VectorStore) -> None:
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
    for as_of, valid, ended in [
        (early - 1, set(), set()),
        (early, {"mem_1700"}, set()),
        (early + 1, set(), {"mem_1700"}),
        (99, set(), {"mem_1700"}),
        (100, {"mem_open", "mem_bounded"}, {"mem_1700"}),
        (199, {"mem_open", "mem_bounded"}, {"mem_1700"}),
        (200, {"mem_open"}, {"mem_1700", "mem_bounded"}),
        (300, {"mem_open", "mem_later"}, {"mem_1700", "mem_bounded"}),
        (LATEST - 1, {"mem_open", "mem_later"}, {"mem_1700", "mem_bounded"}),
    ]:
        assert await found(store, Where(snapshot=Snapshot(as_of))) == valid, as_of
        for kind in ("superseded", "expired"):
            where = Where(snapshot=Snapshot(as_of, **{kind: True}))
            assert await found(store, where) == valid | ended, (as_of, kind)


async def test_known_at_includes_the_record_and_excludes_the_retraction(
    store: VectorStore,
) -> None:
    early = EARLIEST + 1
    await store.upsert(
        TENANT,
        [
            point("mem_1", recorded_at=300),
            point("mem_1", version=2, recorded_at=400),
            point("mem_late", valid_from=50, recorded_at=LATEST - 1),
            point("mem_1700", valid_from=early, recorded_at=early, retracted_at=early + 1),
        ],
    )
    await store.retract(TENANT, [Retraction("mem_1", 1, 400)])
    for known_at, expected in [
        (early - 1, []),
        (early, [("mem_1700", 1)]),
        (early + 1, []),
        (299, []),
        (300, [("mem_1", 1)]),
        (399, [("mem_1", 1)]),
        (400, [("mem_1", 2)]),
        (LATEST - 2, [("mem_1", 2)]),
        (LATEST - 1, [("mem_1", 2), ("mem_late", 1)]),
        (None, [("mem_1", 2), ("mem_late", 1)]),
    ]:
        for ended in (False, True):
            where = Where(snapshot=Snapshot(150, known_at, expired=ended))
            hits = await store.nearest(TENANT, unit(1), where, 10)
            assert versions(hits) == expected, (known_at, ended)


async def test_retracted_versions_are_neither_open_nor_known(store: VectorStore) -> None:
    await store.upsert(TENANT, [point("mem_1"), point("mem_1", version=2), point("mem_2")])
    retractions = [Retraction("mem_1", 1, 200), Retraction("mem_1", 9, 200)]
    await store.retract(TENANT, [*retractions, Retraction("mem_missing", 1, 200)])
    for where in (
        Where(open=True),
        Where(snapshot=Snapshot(150)),
        Where(snapshot=Snapshot(150, 200)),
    ):
        hits = await store.nearest(TENANT, unit(1), where, 10)
        assert versions(hits) == [("mem_1", 2), ("mem_2", 1)]
    assert len(await store.nearest(TENANT, unit(1), EVERYTHING, 10)) == 3


async def test_the_past_finds_a_corrected_memory_by_what_it_said_then(store: VectorStore) -> None:
    said, corrected = unit(1), unit(0, 1)
    await store.upsert(TENANT, [point("mem_1", said, text="drinks green tea")])
    fixed = point("mem_1", corrected, text="drinks black coffee", version=2, recorded_at=200)
    await store.upsert(TENANT, [fixed])
    await store.retract(TENANT, [Retraction("mem_1", 1, 200)])
    for snapshot, version, its, others, word, absent in [
        (Snapshot(150, known_at=150), 1, said, corrected, "tea", "coffee"),
        (Snapshot(150, known_at=199), 1, said, corrected, "tea", "coffee"),
        (Snapshot(150, known_at=200), 2, corrected, said, "coffee", "tea"),
        (Snapshot(150), 2, corrected, said, "coffee", "tea"),
    ]:
        where = alice(snapshot)
        for vector, cosine in [(its, 1), (others, 0)]:
            [hit] = await store.nearest(TENANT, vector, where, 10)
            assert (hit.version, hit.score) == (version, pytest.approx(cosine, abs=1e-5)), snapshot
        assert versions(await store.match(TENANT, stems(word), where, 10)) == [("mem_1", version)]
        assert await store.match(TENANT, stems(absent), where, 10) == []


async def test_other_versions_never_shorten_a_limit(store: VectorStore) -> None:
    """All that must stay out is nearer and says the word more often than what is asked for."""
    near, far, loud = unit(1), unit(1, 1), "tea tea tea"
    names = [f"mem_{i:02}" for i in range(20)]
    bob = Scope(user_id="bob")
    crowd = [
        point(
            name,
            near,
            loud,
            version=version,
            recorded_at=100 * version,
            retracted_at=100 * (version + 1) if version < 40 else None,
        )
        for name in names
        for version in range(2, 41)
    ]
    first = [point(name, far, "some tea", retracted_at=200) for name in names]
    ended = [point(f"mem_ended{i}", near, loud, valid_to=140) for i in range(100)]
    future = [point(f"mem_future{i}", near, loud, valid_from=160) for i in range(100)]
    others = [point(f"mem_bob{i}", near, loud, scope=bob) for i in range(100)]
    await store.upsert(TENANT, [*crowd, *first, *ended, *future, *others])
    for snapshot, version in [
        (Snapshot(150, 150), 1),
        (Snapshot(150, 2050), 20),
        (Snapshot(150), 40),
    ]:
        where = alice(snapshot)
        for hits in (
            await store.nearest(TENANT, near, where, len(names)),
            await store.match(TENANT, ["tea"], where, len(names)),
        ):
            assert sorted(ids(hits)) == names, snapshot
            assert {hit.version for hit in hits} == {version}, snapshot
