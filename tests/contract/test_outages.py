"""What a vector store does when its process, its server or its files fail."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings
from memory.domain.errors import StartupRefused, StoreUnavailable
from memory.ports.vector_store import Retraction, VectorStore
from memory.query.views import Where
from tests.contract.points import CARD, EVERYTHING, TENANT, found, point, random_units, unit
from tests.weaviate_server import OwnedServer
from vector_store import open_vector_store

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, sys
from config.settings import Settings
from tests.contract.points import CARD, TENANT, point
from vector_store import open_vector_store

async def main():
    store = open_vector_store(Settings(data_dir=sys.argv[1]))
    await store.open(CARD)
    for i in range(100_000):
        await store.upsert(TENANT, [point(f"mem_{i}")])
        print(i, flush=True)

asyncio.run(main())
"""


async def revived(store: VectorStore) -> None:
    """Return once the store answers again."""
    for _ in range(100):
        try:
            return await store.check()
        except StoreUnavailable:
            await asyncio.sleep(0.2)
    raise AssertionError("the store did not come back")


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
        lambda: store.select(TENANT, EVERYTHING, None, 5),
        lambda: store.count(TENANT, EVERYTHING),
        lambda: store.named(TENANT, "user_id", EVERYTHING),
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
    await store.upsert("rewritten", points[:40])
    await store.upsert("rewritten", points[:30])
    await store.upsert("changed", points[:30])
    await store.retract("changed", [Retraction(each.memory.id, 1, 200) for each in points[:10]])
    await store.erase("changed", [each.memory.id for each in points[10:20]])

    owned.kill()
    owned.start()
    await revived(store)

    written = {"singles": 20, "batch": 500, "batches": 60, "last-known": 30, "rewritten": 40}
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
