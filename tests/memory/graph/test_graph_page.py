"""A graph, page by page: every edge comes with the page that brings its second end."""

from __future__ import annotations

import pytest

from memory.domain.memory import Memory, Scope
from memory.query.views import View, Walk
from memory.service.build import MemoryService
from tests.memory.given import ALICE, DEFAULT, related, stored

TALK = Scope(user_id="alice", session_id="talk")


async def pages(
    service: MemoryService, limit: int, walk: Walk, scope: Scope = ALICE
) -> list[tuple[str, str]]:
    """(numbers of its nodes, edges as "source target") of every page."""
    found: list[tuple[str, str]] = []
    cursor: str | None = None
    names: dict[str, str] = {}
    while True:
        page = await service.graph.page(DEFAULT, scope, limit, cursor, walk)
        names |= {node.id: node.content[-1] for node in page.nodes}
        edges = sorted(names[edge.source] + names[edge.target] for edge in page.edges)
        found.append(("".join(names[node.id] for node in page.nodes), " ".join(edges)))
        if page.next_cursor is None:
            assert not page.truncated
            return found
        assert page.truncated
        cursor = page.next_cursor


@pytest.fixture
async def talk(service: MemoryService) -> list[Memory]:
    """Five memories of a session: 0 → 1, 4 → 0, 3 → 2."""
    memories = [await stored(service, f"number {number}", TALK) for number in range(5)]
    for source, target in ((0, 1), (4, 0), (3, 2)):
        await related(service, memories[source], memories[target], "KNOWS")
    return memories


@pytest.mark.usefixtures("talk")
async def test_edges_come_once_whatever_the_size_of_a_page(service: MemoryService) -> None:
    assert await pages(service, 10, Walk()) == [("43210", "01 32 40")]
    assert await pages(service, 2, Walk()) == [("43", ""), ("21", "32"), ("0", "01 40")]
    likes = Walk(relations=frozenset({"LIKES"}))
    assert await pages(service, 10, likes) == [("43210", "")]


@pytest.mark.usefixtures("talk")
async def test_the_order_of_a_session_goes_on_from_page_to_page(service: MemoryService) -> None:
    order = Walk(relations=frozenset({"FOLLOWS"}))
    assert await pages(service, 10, order) == [("43210", "10 21 32 43")]
    assert await pages(service, 2, order) == [("43", "43"), ("21", "21 32"), ("0", "10")]


async def test_an_edge_out_of_the_scope_is_on_no_page(
    service: MemoryService, talk: list[Memory]
) -> None:
    outside = await stored(service, "number 9")
    await related(service, talk[4], outside, "KNOWS")
    assert await pages(service, 2, Walk(), TALK) == [("43", ""), ("21", "32"), ("0", "01 40")]
    assert ("943", "49") in await pages(service, 3, Walk())


async def test_a_page_of_the_past_shows_what_there_was(
    service: MemoryService, talk: list[Memory]
) -> None:
    then = View(as_of=talk[2].recorded_at, known_at=talk[2].recorded_at)
    page = await service.graph.page(DEFAULT, ALICE, 10, view=then)
    assert [node.content[-1] for node in page.nodes] == [*"210"]
    assert page.edges == []


@pytest.mark.usefixtures("talk")
async def test_more_edges_than_a_page_shows_are_cut_and_said_to_be(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.graph.graph_page.MOST_EDGES", 2)
    page = await service.graph.page(DEFAULT, ALICE, 10)
    assert (len(page.edges), page.truncated, page.next_cursor) == (2, True, None)
