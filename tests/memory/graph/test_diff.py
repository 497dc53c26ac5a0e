"""What changed in a graph between two instants."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from memory.domain.errors import InvalidInput
from memory.domain.memory import UNSET, Correction, Edge, Memory
from memory.domain.results import GraphDifference
from memory.service.build import MemoryService
from tests.memory.given import ALICE, DEFAULT, related, stored


async def difference(
    service: MemoryService, start: int, end: int, limit: int = 100, cursor: str | None = None
) -> GraphDifference:
    return await service.graph.difference(DEFAULT, ALICE, start, end, limit, cursor)


def told(memories: Sequence[Memory]) -> list[str]:
    return sorted(memory.content for memory in memories)


async def now(service: MemoryService) -> int:
    """After all that was written."""
    made = await stored(service, "the time", valid_from=1, valid_to=2, dedup=False)
    return made.recorded_at


async def test_memories_begin_end_and_change(service: MemoryService) -> None:
    stays, ends, changes = [
        await stored(service, content) for content in ("stays", "ends", "is spelt wrng")
    ]
    start = await now(service)
    begins = await stored(service, "begins")
    ended = await stored(service, "comes after", supersedes=(ends.id,))
    await service.memories.correct(DEFAULT, changes.id, Correction(content="is spelt right"))
    end = await now(service)
    found = await difference(service, start, end)
    assert told(found.nodes.began) == sorted([begins.content, ended.content])
    assert told(found.nodes.ended) == ["ends"]
    assert [(old.content, new.content) for old, new in found.nodes.changed] == [
        ("is spelt wrng", "is spelt right")
    ]
    assert stays.content not in told([*found.nodes.began, *found.nodes.ended])
    later = await difference(service, end, end + 1)
    assert (later.nodes.began, later.nodes.ended, later.nodes.changed) == ([], [], [])


async def test_edges_begin_end_change_and_are_retracted(service: MemoryService) -> None:
    one, other = await stored(service, "one"), await stored(service, "other")
    ends, changes, goes = [
        await related(service, one, other, relation) for relation in ("ENDS", "CHANGES", "GOES")
    ]
    start = await now(service)
    begins = await related(service, other, one, "BEGINS")
    await service.graph.amend_edge(DEFAULT, one.id, ends, await now(service), UNSET)
    await service.graph.amend_edge(DEFAULT, one.id, changes, UNSET, {"sure": True})
    await service.graph.retract_edge(DEFAULT, one.id, goes)
    found = await difference(service, start, await now(service))

    def ids(edges: Sequence[Edge]) -> list[str]:
        return [edge.id for edge in edges]

    assert (ids(found.edges.began), ids(found.edges.ended)) == ([begins], [ends])
    assert [(old.metadata, new.metadata) for old, new in found.edges.changed] == [
        ({}, {"sure": True})
    ]
    assert ids(found.retracted) == [goes]


async def test_pages_of_a_difference_hold_each_memory_once(service: MemoryService) -> None:
    start = await now(service)
    for number in range(5):
        await stored(service, f"number {number}")
    end = await now(service)
    began: list[Memory] = []
    page = await difference(service, start, end, 2)
    began += page.nodes.began
    while page.next_cursor:
        assert page.truncated
        page = await difference(service, start, end, 2, page.next_cursor)
        began += page.nodes.began
    assert told(began) == [f"number {number}" for number in range(5)]
    assert not page.truncated


async def test_the_first_instant_comes_first(service: MemoryService) -> None:
    for start, end in ((5, 5), (6, 5)):
        with pytest.raises(InvalidInput, match="earlier"):
            await difference(service, start, end)
