"""Versions and successors as they were known."""

from __future__ import annotations

import itertools
from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.ids import mint
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.transaction import EraseMemory, PutEdge, PutMemory
from tests.graph_store.ground import Ground


async def test_every_version_is_read_at_its_record_time(ground: Ground) -> None:
    versions = [await ground.memory("v1")]
    for number in range(2, 6):
        fresh = replace(versions[-1], content=f"v{number}", version=number, recorded_at=AT_COMMIT)
        at = await ground.commit(PutMemory(fresh, previous=versions[-1]))
        assert at is not None
        versions.append(fresh.stamped(at))
    for before, after in itertools.pairwise(versions):
        for instant in (before.recorded_at, after.recorded_at - 1):
            found = await ground.graph.memories.read("p1", [before.id], instant)
            assert found == {before.id: replace(before, retracted_at=after.recorded_at)}
    assert (
        await ground.graph.memories.read("p1", [versions[0].id], versions[0].recorded_at - 1) == {}
    )
    now = await ground.graph.memories.read("p1", [versions[0].id], versions[-1].recorded_at)
    assert now == {versions[0].id: versions[-1]}
    history = await ground.graph.memories.history(ground.slot, versions[0].id)
    assert [each.content for each in history] == ["v1", "v2", "v3", "v4", "v5"]


async def test_a_successor_is_told_only_once_it_was_recorded(ground: Ground) -> None:
    old = await ground.memory("old")
    new = Memory(
        id=mint("mem", ground.owner_hash), content="new", scope=ground.scope, supersedes=(old.id,)
    )
    edge = Edge(
        id=mint("rel", ground.owner_hash), source=new.id, target=old.id, relation=SUPERSEDES
    )
    ended = replace(old, valid_to=AT_COMMIT, version=2, recorded_at=AT_COMMIT)
    at = await ground.commit(PutMemory(new), PutMemory(ended, previous=old), PutEdge(edge))
    assert at is not None
    for instant, successor in ((None, new.id), (at, new.id), (at - 1, None)):
        found = await ground.graph.memories.read("p1", [old.id], instant)
        assert found[old.id].superseded_by == successor
    await ground.commit(EraseMemory(new.stamped(at)))
    assert (await ground.graph.memories.read("p1", [old.id], at))[old.id].superseded_by is None
