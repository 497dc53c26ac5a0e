"""An owner's graph at an instant, and what changed in it between two."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from memory.errors import InvalidInput
from memory.following import Following
from memory.frontier import Step
from memory.identity import Project, owner_tag
from memory.model import FOLLOWS, Edge, Interval, Memory, Scope
from memory.ports import Adjacent, Cursor, Reach
from memory.reading import Bookmark, Reading
from memory.results import Differences, Graph, GraphDifference
from memory.view import ANY_EDGE, NOW, Direction, View, Walk, World
from memory.walking import NODES_A_TRIP

MOST_EDGES_OF_NODE = 10_000
"""Edges of one node and direction that a graph shows."""
Nodes = dict[str, Memory]
T = TypeVar("T", bound=Interval)


class Graphing(Reading, Following):
    async def graph(
        self,
        project: str,
        scope: Scope,
        limit: int,
        cursor: str | None = None,
        walk: Walk = ANY_EDGE,
        view: View = NOW,
    ) -> Graph:
        place = await self._project(project)
        bookmark = Bookmark.read(cursor)
        if bookmark is not None:
            view = replace(view, as_of=bookmark.as_of)
        slots = [place.slot(tag) for tag in await self._owners(place, scope)]
        world = await self._world(slots, view)
        after = bookmark.place if bookmark else None
        memories, end = await self._listed(
            place, slots, scope, limit, after, True, world.known_at, world.shows
        )
        edges, cut = await self._edges_on_page(place, scope, memories, after, world, walk)
        next_cursor = Bookmark(end, world.as_of).write() if end else None
        return Graph(memories, edges, cut or end is not None, next_cursor)

    async def graph_difference(
        self,
        project: str,
        scope: Scope,
        start: int,
        end: int,
        limit: int,
        cursor: str | None = None,
        known_at: int | None = None,
    ) -> GraphDifference:
        if end <= start:
            raise InvalidInput("from must be earlier than to")
        place = await self._project(project)
        bookmark = Bookmark.read(cursor)
        after = bookmark.place if bookmark else None
        slots = [place.slot(tag) for tag in await self._owners(place, scope)]
        before, later = World(start, known_at), World(end, known_at)
        memories, last = await self._listed(
            place, slots, scope, limit, after, True, known_at,
            lambda memory: before.shows(memory) or later.shows(memory),
        )  # fmt: skip
        old = [memory for memory in memories if before.shows(memory)]
        new = [memory for memory in memories if later.shows(memory)]
        until = end if known_at is None else min(end, known_at)
        (old_edges, cut), (new_edges, cut_too), (retracted, cut_then) = await asyncio.gather(
            self._edges_on_page(place, scope, old, after, before, ANY_EDGE),
            self._edges_on_page(place, scope, new, after, later, ANY_EDGE),
            self._retracted(place, scope, old, after, before, until),
        )
        return GraphDifference(
            await self._changes_of_nodes(place, old, new, start, until),
            await self._changes_of_edges(place, old_edges, new_edges, start, until),
            retracted,
            cut or cut_too or cut_then or last is not None,
            Bookmark(last, end).write() if last else None,
        )

    async def _edges_on_page(
        self,
        project: Project,
        scope: Scope,
        memories: Sequence[Memory],
        after: Cursor | None,
        world: World,
        walk: Walk,
    ) -> tuple[list[Edge], bool]:
        """Edges whose ends the pages up to this one hold, and one of them this page."""
        parts = await asyncio.gather(
            *(
                self._edges_of_owner(project, slot, scope, nodes, after, world, walk)
                for slot, nodes in _by_slot(project, memories).items()
            )
        )
        edges = [edge for found, _ in parts for edge in found]
        edges.sort(key=lambda edge: (edge.created_at, edge.id, edge.source))
        return edges, any(cut for _, cut in parts)

    async def _edges_of_owner(
        self,
        project: Project,
        slot: str,
        scope: Scope,
        nodes: Nodes,
        after: Cursor | None,
        world: World,
        walk: Walk,
    ) -> tuple[list[Edge], bool]:
        steps: list[Step] = []
        cut = False
        stored = walk.relations - {FOLLOWS}
        if stored or not walk.relations:
            # On a first page both ends are here, so each edge is met at its source.
            direction = Direction.OUT if after is None else Direction.BOTH
            reach = Reach(direction, world, MOST_EDGES_OF_NODE, stored)
            ids = list(nodes)
            for start in range(0, len(ids), NODES_A_TRIP):
                trip = ids[start : start + NODES_A_TRIP]
                found = await self._graph.expand(slot, trip, reach, memories=False)
                cut |= found.cut
                steps += _steps(found.adjacent)
        if walk.follows:
            derived = await self._follows(slot, nodes.values(), Direction.IN, world, scope)
            steps += _steps(derived)
        there = nodes.keys() | await self._on_earlier_pages(
            project, scope, steps, nodes, after, world
        )
        shown = [step for step in steps if step.edge.other in there]
        wanted = dict.fromkeys(step.edge.edge_id for step in shown if step.edge.derived is None)
        edges = await self._graph.edges(slot, list(wanted), world.known_at)
        return [*edges.values(), *(s.edge.derived for s in shown if s.edge.derived)], cut

    async def _on_earlier_pages(
        self,
        project: Project,
        scope: Scope,
        steps: Iterable[Step],
        nodes: Nodes,
        after: Cursor | None,
        world: World,
    ) -> set[str]:
        """Far ends that an earlier page held: newer than this one, of the scope and shown."""
        if after is None:
            return set()
        others = {step.edge.other for step in steps} - nodes.keys()
        known = await self._graph.read(project.id, sorted(others), world.known_at)
        return {
            memory.id
            for memory in known.values()
            if (memory.created_at, memory.id) >= (after.created_at, after.memory_id)
            and scope.covers(memory.scope)
            and world.shows(memory)
        }

    async def _changes_of_nodes(
        self, project: Project, old: Sequence[Memory], new: Sequence[Memory], start: int, until: int
    ) -> Differences[Memory]:
        was, now = {each.id for each in old}, {each.id for each in new}
        both = [each.id for each in new if each.id in was and each.recorded_at > start]
        before = await self._graph.read(project.id, both, start)
        after = await self._graph.read(project.id, both, until)
        return Differences(
            [each for each in new if each.id not in was],
            [each for each in old if each.id not in now],
            _changed(before, after),
        )

    async def _changes_of_edges(
        self, project: Project, old: Sequence[Edge], new: Sequence[Edge], start: int, until: int
    ) -> Differences[Edge]:
        was, now = {each.id for each in old}, {each.id for each in new}
        both = [each for each in new if each.id in was and each.recorded_at > start]
        before, after = dict[str, Edge](), dict[str, Edge]()
        for slot, ids in _edges_by_slot(project, both).items():
            before |= await self._graph.edges(slot, ids, start)
            after |= await self._graph.edges(slot, ids, until)
        return Differences(
            [each for each in new if each.id not in was],
            [each for each in old if each.id not in now],
            _changed(before, after),
        )

    async def _retracted(
        self,
        project: Project,
        scope: Scope,
        old: Sequence[Memory],
        after: Cursor | None,
        before: World,
        until: int,
    ) -> tuple[list[Edge], bool]:
        """Edges of the graph as it was known at its own instant that were withdrawn by then,
        between memories that still count to it."""
        start, known_at = before.as_of, before.known_at
        then = replace(before, known_at=start if known_at is None else min(start, known_at))
        known = await self._graph.read(project.id, [each.id for each in old], then.known_at)
        nodes = [memory for memory in known.values() if then.shows(memory)]
        edges, cut = await self._edges_on_page(project, scope, nodes, after, then, ANY_EDGE)
        ends = sorted({end for edge in edges for end in (edge.source, edge.target)})
        still = await self._graph.read(project.id, ends, known_at)
        there = {each for each, memory in still.items() if before.shows(memory)}
        gone = set()
        for slot, ids in _edges_by_slot(project, edges).items():
            for edge in (await self._graph.edges(slot, ids)).values():
                if edge.retracted_at is not None and edge.retracted_at <= until:
                    gone.add(edge.id)
        shown = [each for each in edges if each.id in gone and {each.source, each.target} <= there]
        return shown, cut


def _by_slot(project: Project, memories: Iterable[Memory]) -> dict[str, Nodes]:
    owners: dict[str, Nodes] = {}
    for memory in memories:
        owners.setdefault(project.slot(owner_tag(memory.id) or ""), {})[memory.id] = memory
    return owners


def _edges_by_slot(project: Project, edges: Iterable[Edge]) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for edge in edges:
        owners.setdefault(project.slot(owner_tag(edge.source) or ""), []).append(edge.id)
    return owners


def _steps(adjacent: Mapping[str, Iterable[Adjacent]]) -> list[Step]:
    return [Step(node, edge) for node, edges in adjacent.items() for edge in edges]


def _changed(before: Mapping[str, T], after: Mapping[str, T]) -> list[tuple[T, T]]:
    """What was known at both instants, and not as the same version."""
    return [
        (before[each], last)
        for each, last in after.items()
        if each in before and before[each].recorded_at != last.recorded_at
    ]
