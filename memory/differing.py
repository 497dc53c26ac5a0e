"""What changed in a graph between two instants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from memory.errors import InvalidInput
from memory.graphing import Graphing, Sheet
from memory.identity import Project, owner_tag
from memory.model import Edge, Interval, Memory, Scope
from memory.results import Differences, GraphDifference
from memory.view import View, World

T = TypeVar("T", bound=Interval)


class Differing(Graphing):
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
        view = View(as_of=end, known_at=known_at)
        listing, later, now = await self._listing(project, scope, cursor, True, view)
        before = replace(later, as_of=start)
        memories, more = await self._listed(listing, limit, [before, later])
        old = Sheet(listing, [each for each in memories if before.shows(each)], before)
        new = Sheet(listing, [each for each in memories if later.shows(each)], later)
        until = end if later.known_at is None else min(end, later.known_at)
        (old_edges, cut), (new_edges, cut_too), (retracted, cut_then) = await asyncio.gather(
            self._edges_on(old), self._edges_on(new), self._retracted(old, until)
        )
        return GraphDifference(
            await self._changes_of_nodes(listing.project, old, new, until),
            await self._changes_of_edges(listing.project, old_edges, new_edges, start, until),
            retracted,
            cut or cut_too or cut_then or more,
            self._cursor(listing, memories, more, later, now),
        )

    async def _changes_of_nodes(
        self, project: Project, old: Sheet, new: Sheet, until: int
    ) -> Differences[Memory]:
        start = old.world.as_of
        was, now = {each.id for each in old.memories}, {each.id for each in new.memories}
        both = [each.id for each in new.memories if each.id in was and each.recorded_at > start]
        before = await self._graph.read(project.id, both, start)
        after = await self._graph.read(project.id, both, until)
        return Differences(
            [each for each in new.memories if each.id not in was],
            [each for each in old.memories if each.id not in now],
            _changed(before, after),
        )

    async def _changes_of_edges(
        self, project: Project, old: Sequence[Edge], new: Sequence[Edge], start: int, until: int
    ) -> Differences[Edge]:
        was, now = {each.id for each in old}, {each.id for each in new}
        both = [each for each in new if each.id in was and each.recorded_at > start]
        before, after = dict[str, Edge](), dict[str, Edge]()
        for slot, ids in _by_slot(project, both).items():
            before |= await self._graph.edges(slot, ids, start)
            after |= await self._graph.edges(slot, ids, until)
        return Differences(
            [each for each in new if each.id not in was],
            [each for each in old if each.id not in now],
            _changed(before, after),
        )

    async def _retracted(self, old: Sheet, until: int) -> tuple[list[Edge], bool]:
        """Edges of the graph as it was known at its own instant that were withdrawn by then,
        between memories that still count to it."""
        project, before = old.listing.project, old.world
        start, known_at = before.as_of, before.known_at
        then = replace(before, known_at=start if known_at is None else min(start, known_at))
        ids = [each.id for each in old.memories]
        known = await self._graph.read(project.id, ids, then.known_at)
        nodes = [memory for memory in known.values() if then.shows(memory)]
        edges, cut = await self._edges_on(Sheet(old.listing, nodes, then))
        gone = set()
        for slot, edge_ids in _by_slot(project, edges).items():
            for edge in (await self._graph.edges(slot, edge_ids)).values():
                if edge.retracted_at is not None and edge.retracted_at <= until:
                    gone.add(edge.id)
        withdrawn = [edge for edge in edges if edge.id in gone]
        there = await self._still_there(project, withdrawn, before)
        return [edge for edge in withdrawn if {edge.source, edge.target} <= there], cut

    async def _still_there(self, project: Project, edges: Sequence[Edge], world: World) -> set[str]:
        """Ends of the edges that a world shows."""
        ends = sorted({end for edge in edges for end in (edge.source, edge.target)})
        known = await self._graph.read(project.id, ends, world.known_at)
        return {each for each, memory in known.items() if world.shows(memory)}


def _by_slot(project: Project, edges: Iterable[Edge]) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for edge in edges:
        owners.setdefault(project.slot(owner_tag(edge.source) or ""), []).append(edge.id)
    return owners


def _changed(before: Mapping[str, T], after: Mapping[str, T]) -> list[tuple[T, T]]:
    """What was known at both instants, and not as the same version."""
    return [
        (before[each], last)
        for each, last in after.items()
        if each in before and before[each].recorded_at != last.recorded_at
    ]
