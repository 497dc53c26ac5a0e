"""What upkeep asks of a vector store: all it holds, and to make what was erased unreadable."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.settings import Settings
from memory.domain.errors import StoreUnavailable
from memory.domain.memory import Scope
from memory.ports.vector_store import Indexed, Point, Retraction, VectorStore
from tests.contract.points import CARD, EVERYTHING, TENANT, found, point, random_units, unit
from tests.weaviate_server import OwnedServer
from vector_store import open_vector_store
from vector_store.tenant_rows import _token
from vector_store.weaviate_writes import put_batch


async def surveyed(store: VectorStore, prefix: str = "", limit: int = 1000) -> list[Indexed]:
    """Every page, one after the other."""
    rows: list[Indexed] = []
    while page := await store.survey(
        TENANT, prefix, (rows[-1].memory_id, rows[-1].version) if rows else None, limit
    ):
        assert len(page) <= limit
        rows += page
    return rows


async def test_a_survey_names_every_version_in_order_page_by_page(store: VectorStore) -> None:
    names = [f"mem_{i % 7:03x}{i:013x}" for i in range(150)]
    points = [point(name, version=version) for name in names for version in (1, 2, 10)]
    await store.upsert(TENANT, points)
    await store.retract(TENANT, [Retraction(names[3], 1, 500)])
    expected = [
        Indexed(name, version, 500 if (name, version) == (names[3], 1) else None, True)
        for name in sorted(names)
        for version in (1, 2, 10)
    ]
    for limit in (7, 100, 1000):
        assert await surveyed(store, limit=limit) == expected
    for limit in (1, 2, 100):
        assert await surveyed(store, "mem_003", limit) == [
            row for row in expected if row.memory_id.startswith("mem_003")
        ]
    assert await surveyed(store, "mem_9") == []


async def test_a_deep_survey_finds_what_a_survey_finds(store: VectorStore) -> None:
    vectors = random_units(30, seed=8)
    await store.upsert(TENANT, [point(f"mem_{i:02}", vector) for i, vector in enumerate(vectors)])
    assert await store.survey(TENANT, deep=True) == await store.survey(TENANT)


async def test_tenants_are_named_by_project_until_they_are_dropped(
    store: VectorStore,
) -> None:
    assert await store.tenants() == []
    assert await store.survey("p9-g1-b0") == []
    for tenant in ("p1-g1-b0", "p1-g2-b1", "p1-g-g1-b0", "p11-g1-b0"):
        await store.upsert(tenant, [point("mem_1")])
    assert await store.tenants("1") == ["p1-g1-b0", "p1-g2-b1"]
    assert await store.tenants("1-g") == ["p1-g-g1-b0"]
    await store.drop("p1-g1-b0")
    assert await store.tenants("1") == ["p1-g2-b1"]
    assert len(await store.tenants()) == 3


async def test_compacting_keeps_every_point(store: VectorStore) -> None:
    vectors = random_units(60, seed=9)
    await store.upsert(
        TENANT, [point(f"mem_{i:02}", v, text=f"word{i}") for i, v in enumerate(vectors)]
    )
    await store.erase(TENANT, [f"mem_{i:02}" for i in range(0, 60, 2)])
    await store.compact(TENANT)
    await store.compact("p9-g1-b0")
    left = {f"mem_{i:02}" for i in range(1, 60, 2)}
    assert {row.memory_id for row in await store.survey(TENANT) if row.findable} == left
    assert await found(store, EVERYTHING) == left
    [hit] = await store.match(TENANT, ["word31"], EVERYTHING, 5)
    assert hit.memory_id == "mem_31"


async def test_a_compacted_file_holds_nothing_of_what_was_erased(tmp_path: Path) -> None:
    """Not its vector, metadata, owner nor hashed words, though another process reads beside."""
    settings = Settings(data_dir=tmp_path)
    store, beside = open_vector_store(settings), open_vector_store(settings)
    await store.open(CARD)
    await beside.open(CARD)
    points = [
        point(f"mem_{i:03}", v, f"word{i}", [f"c=tag{i:03}"], Scope(user_id=f"user{i:03}"))
        for i, v in enumerate(random_units(200, seed=10))
    ]
    for each in points:
        await store.upsert(TENANT, [each])
    assert len(await beside.survey(TENANT)) == 200
    await store.erase(TENANT, [each.memory.id for each in points[:190]])
    await store.compact(TENANT)
    content = stored(tmp_path)
    for each in points:
        (word,) = (_token(term).encode()[2:] for term in each.terms)  # FTS5 shares first letters
        left = [
            mark in content
            for mark in (each.vector.tobytes(), each.metadata_tokens[0].encode(), word)
        ]
        left.append(f"user:user{each.memory.id[4:]}".encode() in content)
        assert left == ([True] * 4 if each in points[190:] else [False] * 4), each.memory.id
    assert len(await beside.survey(TENANT)) == 10
    await store.close()
    await beside.close()


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_rows_without_vector_or_words_are_not_findable(tmp_path: Path) -> None:
    store = open_vector_store(Settings(data_dir=tmp_path))
    await store.open(CARD)
    await store.upsert(TENANT, [point(f"mem_{i}", text="tea") for i in range(3)])
    with sqlite3.connect(tmp_path / "vectors" / f"{TENANT}.db") as file:
        first = "(SELECT min(id) FROM points)"
        file.execute(f"DELETE FROM vectors WHERE id = {first}")
        file.execute(f"DELETE FROM words WHERE rowid = {first} + 1")
    file.close()
    assert [row.findable for row in await store.survey(TENANT)] == [False, False, True]
    await store.upsert(TENANT, [point(f"mem_{i}", text="tea") for i in range(3)])
    assert [row.findable for row in await store.survey(TENANT)] == [True, True, True]
    await store.close()


async def test_a_lost_folder_is_told_until_it_is_recovered(tmp_path: Path) -> None:
    store = open_vector_store(Settings(data_dir=tmp_path))
    await store.open(CARD)
    await store.upsert(TENANT, [point("mem_1")])
    shutil.rmtree(tmp_path / "vectors")
    with pytest.raises(StoreUnavailable):
        await store.nearest(TENANT, unit(1), EVERYTHING, 5)
    with pytest.raises(StoreUnavailable):
        await store.upsert(TENANT, [point("mem_2")])
    assert await store.recover() == []
    assert await found(store, EVERYTHING) == set()
    await store.upsert(TENANT, [point("mem_2")])
    assert await found(store, EVERYTHING) == {"mem_2"}
    await store.close()


async def test_a_dropped_tenant_leaves_no_file_and_every_process_writes_to_the_next(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path)
    store, beside = open_vector_store(settings), open_vector_store(settings)
    await store.open(CARD)
    await beside.open(CARD)
    await beside.upsert(TENANT, [point("mem_1", unit(0, 1))])
    assert await found(store, EVERYTHING) == await found(beside, EVERYTHING) == {"mem_1"}
    await store.drop(TENANT)
    assert stored(tmp_path) == b""
    assert await found(beside, EVERYTHING) == set()
    await store.upsert(TENANT, [point("mem_2", unit(1))])
    await beside.upsert(TENANT, [point("mem_3", unit(1))])
    for each in (store, beside):
        hits = await each.nearest(TENANT, unit(1), EVERYTHING, 5)
        assert [(hit.memory_id, round(hit.score, 5)) for hit in hits] == [
            ("mem_2", 1),
            ("mem_3", 1),
        ]
        await each.close()


async def test_a_damaged_file_is_set_aside_and_written_anew(tmp_path: Path) -> None:
    store = open_vector_store(Settings(data_dir=tmp_path))
    await store.open(CARD)
    await store.upsert(TENANT, [point("mem_1")])
    await store.upsert("p2-g1-b0", [point("mem_1")])
    (tmp_path / "vectors" / f"{TENANT}.db").write_text("not a database, but long enough" * 99)
    assert await store.recover("2") == []
    assert await store.recover() == [TENANT]
    assert list((tmp_path / "vectors").glob(f"{TENANT}.db.corrupt-*"))
    await store.upsert(TENANT, [point("mem_2")])
    assert await found(store, EVERYTHING) == {"mem_2"}
    assert await store.tenants() == [TENANT, "p2-g1-b0"]
    await store.close()


@pytest.mark.weaviate
async def test_a_dropped_collection_is_made_anew(weaviate: Settings, owned: OwnedServer) -> None:
    store = open_vector_store(weaviate)
    await store.open(CARD)
    await store.upsert(TENANT, [point("mem_1")])
    owned.remove(weaviate.weaviate.collection)
    with pytest.raises(StoreUnavailable):
        await store.upsert(TENANT, [point("mem_2")])
    await store.recover()
    await store.upsert(TENANT, [point("mem_2")])
    assert await found(store, EVERYTHING) == {"mem_2"}
    await store.close()


async def holed(store: VectorStore, owned: OwnedServer, points: Sequence[Point]) -> set[str]:
    """Write batches that no later write flushes and kill the server: the objects are there, and no
    search finds them. Returns which."""
    await store.open(CARD)
    await store.upsert(TENANT, points[:1])
    async with asyncio.timeout(60):
        await store._write(TENANT, put_batch(points[1:]))  # type: ignore[attr-defined]
        owned.kill()
        owned.start()
        while True:
            try:
                rows = await store.survey(TENANT, deep=True)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.5)
    assert [row.memory_id for row in rows] == [each.memory.id for each in points]
    return {row.memory_id for row in rows if not row.findable}


@pytest.mark.weaviate
async def test_what_a_kill_left_out_of_the_index_is_told_and_mended(
    weaviate: Settings, owned: OwnedServer
) -> None:
    store = open_vector_store(weaviate)
    points = [point(f"mem_{i:03}", v) for i, v in enumerate(random_units(50, seed=11))]
    holes = await holed(store, owned, points)
    missing = set()
    for each in points:
        where = EVERYTHING.also("memory_id", each.memory.id)
        if not await store.nearest(TENANT, each.vector, where, 1):
            missing.add(each.memory.id)
    assert holes == missing != set()
    await store.upsert(TENANT, [each for each in points if each.memory.id in holes])
    rows = await store.survey(TENANT, deep=True)
    assert [row.findable for row in rows] == [True] * len(points)
    await store.close()


@pytest.mark.weaviate
@pytest.mark.parametrize("at_once", [1, 25])
async def test_what_a_kill_left_out_of_the_index_is_found_once_it_is_written_again(
    weaviate: Settings, owned: OwnedServer, at_once: int
) -> None:
    """A client that got no answer sends again, and then it is acknowledged."""
    store = open_vector_store(weaviate)
    points = [point(f"mem_{i:03}", v) for i, v in enumerate(random_units(50, seed=12))]
    assert await holed(store, owned, points)
    for start in range(0, len(points), at_once):
        await store.upsert(TENANT, points[start : start + at_once])
    rows = await store.survey(TENANT, deep=True)
    assert [row.findable for row in rows] == [True] * len(points)
    await store.close()
