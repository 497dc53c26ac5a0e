"""Erasing an owner on every vector store: all points go, and those that no memory had."""

from __future__ import annotations

from dataclasses import asdict

from config.settings import Settings
from graph_store import open_graph_store
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.erasures import Counts, Order
from memory.domain.memory import Correction, NewMemory, Scope
from memory.domain.results import Added
from tests.redis_server import RedisServer
from tests.service import started_on
from vector_store import open_vector_store

DEFAULT = Caller(DEFAULT_PROJECT)
ALICE = Scope(user_id="alice")


async def test_an_owner_is_erased_from_the_index(
    settings: Settings, redis_server: RedisServer
) -> None:
    graph, vectors = open_graph_store(settings, redis_server.url), open_vector_store(settings)
    service = await started_on(graph, vectors, settings)
    try:
        contents = [f"fact number {n}" for n in range(450)]
        added = await service.memories.add(
            DEFAULT, [NewMemory(content=c, scope=ALICE) for c in contents]
        )
        bobs = await service.memories.add(
            DEFAULT, [NewMemory(content="b", scope=Scope(user_id="bob"))]
        )
        stray, *made = [each.memory for each in (*added, *bobs) if isinstance(each, Added)]
        for each in made[:5]:
            await service.memories.correct(
                DEFAULT, each.id, Correction(content=f"{each.content} again")
            )
        await service.care.settled()
        project = await service.project()
        slot = project.slot(project.owner_hash(ALICE.owner))
        order = Order("x", project.id, "user", "", "", None, 0)
        await graph.owner_erasure.expunge(slot, order, stray.recorded_at, [stray], {})
        await graph.outbox.settle({slot: {stray.id: "erased"}})

        erasure = await service.erasures.erase(DEFAULT, ALICE)
        assert erasure.receipt is not None
        found = Counts(**erasure.receipt["counts"])
        assert (found.memories, found.versions, found.index_points) == (449, 454, 455)
        left = (await service.erasures.get(DEFAULT, erasure.id)).remaining
        assert left is not None
        assert set(asdict(left).values()) == {0}
        tenants = {
            project.tenant(project.owner_hash(scope.owner))
            for scope in (ALICE, Scope(user_id="bob"))
        }
        points = [point for tenant in tenants for point in await vectors.survey(tenant)]
        assert [each.memory_id for each in points] == [made[-1].id]
    finally:
        await service.care.close()
