"""Walks along edges: what is related to a memory, and a shortest way to another."""

from __future__ import annotations

import pytest

from memory.domain.errors import NotFound
from memory.domain.memory import Memory
from memory.query.views import ANY_EDGE, Direction, View, Walk
from memory.service.build import MemoryService
from tests.memory.given import BOB, DEFAULT, related, stored

OUT = Walk(depth=3, direction=Direction.OUT)
CHAIN = ("a", "b", "c", "d")


@pytest.fixture
async def chain(service: MemoryService) -> dict[str, Memory]:
    """a → b → c → d, and a → c."""
    memories = {name: await stored(service, f"the memory {name}") for name in CHAIN}
    for source, target in ("ab", "bc", "cd", "ac"):
        await related(service, memories[source], memories[target], "KNOWS")
    return memories


async def walked(
    service: MemoryService, start: Memory, walk: Walk, limit: int = 10
) -> list[tuple[str, int]]:
    """(name, depth) of what a walk comes to."""
    found = await service.graph.related(DEFAULT, start.id, walk, limit)
    return [(hit.memory.content[-1], hit.depth) for hit in found.hits]


async def test_a_walk_comes_to_each_memory_once_the_nearest_first(
    service: MemoryService, chain: dict[str, Memory]
) -> None:
    assert await walked(service, chain["a"], OUT) in (
        [("b", 1), ("c", 1), ("d", 2)],
        [("c", 1), ("b", 1), ("d", 2)],
    )
    assert await walked(service, chain["d"], OUT) == []
    one = Walk(depth=1, direction=Direction.IN)
    assert await walked(service, chain["d"], one) == [("c", 1)]
    assert len(await walked(service, chain["d"], Walk(depth=1))) == 1


async def test_a_hit_tells_the_way_to_it_and_the_edge_that_led_there(
    service: MemoryService, chain: dict[str, Memory]
) -> None:
    found = await service.graph.related(DEFAULT, chain["a"].id, OUT, 10)
    last = found.hits[-1]
    assert last.path == tuple(chain[name].id for name in "acd")
    assert last.edge is not None
    assert (last.edge.source, last.edge.target) == (chain["c"].id, chain["d"].id)
    lean = await service.graph.related(DEFAULT, chain["a"].id, Walk(depth=3, ids_only=True), 10)
    assert {hit.edge for hit in lean.hits} == {None}
    assert {hit.relation for hit in lean.hits} == {"KNOWS"}


async def test_a_limit_cuts_a_walk_and_says_so(
    service: MemoryService, chain: dict[str, Memory]
) -> None:
    for limit, truncated in ((2, True), (3, False)):
        found = await service.graph.related(DEFAULT, chain["a"].id, OUT, limit)
        assert (len(found.hits), found.truncated) == (limit, truncated)


async def test_a_path_is_a_shortest_one_and_the_same_each_time(
    service: MemoryService, chain: dict[str, Memory]
) -> None:
    async def way(start: str, end: str, walk: Walk = OUT) -> str:
        found = await service.graph.path(DEFAULT, chain[start].id, chain[end].id, walk)
        assert len(found.edges) == max(0, len(found.memories) - 1)
        return "".join(memory.content[-1] for memory in found.memories)

    assert [await way("a", "d") for _ in range(3)] == ["acd"] * 3
    assert await way("b", "b") == "b"
    assert await way("d", "a") == ""
    assert await way("d", "a", Walk(depth=3, direction=Direction.BOTH)) == "dca"
    assert await way("d", "a", Walk(depth=3, direction=Direction.IN)) == "dca"
    assert await way("a", "d", Walk(depth=1, direction=Direction.OUT)) == ""
    likes = Walk(depth=3, relations=frozenset({"LIKES"}))
    assert await way("a", "d", likes) == ""


async def test_a_walk_into_the_past_sets_out_from_what_was_there(
    service: MemoryService, chain: dict[str, Memory]
) -> None:
    start = chain["a"]
    before = View(as_of=start.recorded_at - 1)
    with pytest.raises(NotFound):
        await service.graph.related(DEFAULT, start.id, ANY_EDGE, 10, before)
    ended = await stored(service, "is over", valid_from=1, valid_to=2)
    assert (await service.graph.related(DEFAULT, ended.id, ANY_EDGE, 10)).hits == []
    assert (await service.graph.path(DEFAULT, ended.id, start.id, OUT)).memories == ()


async def test_no_way_leads_to_another_owner(
    service: MemoryService, chain: dict[str, Memory]
) -> None:
    other = await stored(service, "of bob", BOB)
    with pytest.raises(NotFound):
        await service.graph.path(DEFAULT, chain["a"].id, other.id, OUT)
