"""Where a walk has been, and the way to every node it came across."""

from __future__ import annotations

from typing import Any

import pytest

from memory.graph.frontier import Frontier
from memory.ports.edges import Adjacent, Expansion
from memory.query.views import Snapshot
from tests.memory.given import memory

NOW = Snapshot(50)


def arrive(frontier: Frontier, edges: dict[str, list[str]], **fields: Any) -> list[str]:
    """Walk a level; every node is there, with edges to these others."""
    trip = frontier.next_level()
    memories = {node: memory(id=node, **fields) for node in trip}
    adjacent = {
        node: [Adjacent(f"{node}-{other}", "R", other, True) for other in edges.get(node, [])]
        for node in trip
    }
    arrived = frontier.arrive(trip, Expansion(memories, adjacent, cut=False), NOW)
    return [each.id for each in arrived]


def test_a_node_is_met_once_by_the_first_way_to_it() -> None:
    frontier = Frontier("a")
    edges = {"a": ["b", "c", "a"], "b": ["d", "a"], "c": ["d", "b"]}
    assert arrive(frontier, edges) == ["a"]
    assert arrive(frontier, edges) == ["b", "c"]
    assert (arrive(frontier, edges), frontier.level, frontier.cut) == (["d"], 2, False)
    assert frontier.waiting == []
    assert [step.edge.edge_id for step in frontier.way("d")] == ["a-b", "b-d"]
    assert frontier.way("a") == []


def test_no_way_leads_over_what_the_snapshot_does_not_show() -> None:
    frontier = Frontier("a")
    assert arrive(frontier, {"a": ["b"]}, valid_from=60) == []
    assert (frontier.waiting, frontier.arrived) == ([], {})


def test_a_trip_that_was_cut_cuts_the_walk() -> None:
    frontier = Frontier("a")
    trip = frontier.next_level()
    frontier.arrive(trip, Expansion({}, {}, cut=True), NOW)
    assert frontier.cut


@pytest.mark.parametrize(("name", "most"), [("MOST_SEEN", 3), ("MOST_EDGES", 3)])
def test_a_walk_sees_no_more_than_it_may(
    monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(f"memory.graph.frontier.{name}", most)
    frontier = Frontier("a")
    arrive(frontier, {"a": ["b", "c"]})
    assert not frontier.cut
    arrive(frontier, {"b": ["d", "e"]})
    assert frontier.cut
    assert len(frontier.waiting) < 2
