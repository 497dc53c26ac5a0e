"""Edges of a memory: made once, amended, retracted."""

from __future__ import annotations

import pytest

from memory.domain.errors import Conflict, NotFound
from memory.domain.memory import UNSET, NewEdge
from memory.query.views import ANY_EDGE, View
from memory.service.build import MemoryService
from tests.deployments.api.calls import Client, add, ask, edge
from tests.memory.given import BOB, DEFAULT, related, stored

KNOWS = "KNOWS"


async def test_an_amendment_that_changes_nothing_records_nothing(client: Client) -> None:
    ends = [(await add(client, text))["id"] for text in ("this", "that")]
    made = await edge(client, *ends, metadata={"sure": True}, valid_to="2200-01-01")
    path = f"/{ends[1]}/relationships/{made['id']}"
    for same in ({}, {"metadata": {"sure": True}}, {"valid_to": "2200-01-01T00:00:00Z"}):
        assert await ask(client, "PATCH", path, json=same) == made
    changed = await ask(client, "PATCH", path, json={"metadata": {"sure": 1}})
    assert changed["metadata"]["sure"] is not True
    assert changed["updated_at"] > made["updated_at"]


async def test_the_same_relationship_is_made_once_and_a_retracted_one_anew(
    service: MemoryService,
) -> None:
    one, other = await stored(service, "one"), await stored(service, "other")
    wanted = NewEdge(source=one.id, target=other.id, relation=KNOWS)
    first, new = await service.graph.relate(DEFAULT, wanted)
    assert new
    assert await service.graph.relate(DEFAULT, wanted) == (first, False)
    back, new = await service.graph.relate(
        DEFAULT, NewEdge(source=other.id, target=one.id, relation=KNOWS)
    )
    assert new
    await service.graph.retract_edge(DEFAULT, other.id, first.id)
    with pytest.raises(NotFound):
        await service.graph.retract_edge(DEFAULT, other.id, first.id)
    again, new = await service.graph.relate(DEFAULT, wanted)
    assert new
    assert len({first.id, back.id, again.id}) == 3


async def test_relationships_are_listed_by_creation_as_they_stood(service: MemoryService) -> None:
    one, other = await stored(service, "one"), await stored(service, "other")
    ids = [await related(service, one, other, relation) for relation in ("A", "B", "C")]
    before = (await service.graph.relationships(DEFAULT, one.id, ANY_EDGE)).edges
    assert [edge.id for edge in before] == ids
    at = await service.graph.retract_edge(DEFAULT, one.id, ids[1])
    for memory_id in (one.id, other.id):
        left = await service.graph.relationships(DEFAULT, memory_id, ANY_EDGE)
        assert ([edge.id for edge in left.edges], left.truncated) == ([ids[0], ids[2]], False)
    then = View(as_of=at - 1, known_at=at - 1)
    found = await service.graph.relationships(DEFAULT, one.id, ANY_EDGE, then)
    assert [edge.id for edge in found.edges] == ids


async def test_more_relationships_than_are_shown_are_said_to_be(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.graph.relationships.MOST_EDGES", 2)
    one, other = await stored(service, "one"), await stored(service, "other")
    for relation in ("A", "B", "C"):
        await related(service, one, other, relation)
    found = await service.graph.relationships(DEFAULT, one.id, ANY_EDGE)
    assert (len(found.edges), found.truncated) == (2, True)


async def test_what_follows_from_supersedes_cannot_be_taken_back(service: MemoryService) -> None:
    old = await stored(service, "lives in Oslo")
    new = await stored(service, "lives in Moss", supersedes=(old.id,))
    ended = View(superseded=True)
    (edge,) = (await service.graph.relationships(DEFAULT, new.id, ANY_EDGE, ended)).edges
    with pytest.raises(Conflict, match="supersedes"):
        await service.graph.retract_edge(DEFAULT, new.id, edge.id)
    with pytest.raises(Conflict, match="supersedes"):
        await service.graph.amend_edge(DEFAULT, new.id, edge.id, 5, UNSET)


async def test_both_ends_must_be_there_and_of_one_owner(service: MemoryService) -> None:
    one, bobs = await stored(service, "one"), await stored(service, "of bob", BOB)
    erased = await stored(service, "erased")
    await service.memories.erase(DEFAULT, erased.id)
    for target in (bobs, erased):
        for ends in ((one, target), (target, one)):
            with pytest.raises(NotFound):
                await related(service, *ends, KNOWS)
    assert (await service.graph.relationships(DEFAULT, one.id, ANY_EDGE)).edges == []
