"""What changed in a graph between two instants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from memory.context.known_memories import KnownMemories, slot_of
from memory.domain.caller import Caller
from memory.domain.errors import InvalidInput
from memory.domain.ids import Project
from memory.domain.memory import Edge, Memory, Scope
from memory.domain.results import Differences, GraphDifference
from memory.graph.graph_page import GraphPages, Sheet
from memory.ports.edges import EdgeReader
from memory.ports.memories import MemoryReader
from memory.query.views import View
from memory.read.listings import Listings

# What a graph is made of.
Element = TypeVar("Element", Memory, Edge)


class GraphDiff:
    """Part of memory.service.api.Graph: `difference`."""

    def __init__(
        self,
        listings: Listings,
        known: KnownMemories,
        memories: MemoryReader,
        edges: EdgeReader,
        pages: GraphPages,
    ) -> None:
        self._listings, self._known = listings, known
        self._memories, self._edges, self._pages = memories, edges, pages

    async def difference(
        self,
        caller: Caller,
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
        listing, later, now = await self._listings.open(caller, scope, cursor, True, view)
        before = replace(later, as_of=start)
        memories, more = await self._listings.next(listing, limit, [before, later])
        old = Sheet(listing, [memory for memory in memories if before.shows(memory)], before)
        new = Sheet(listing, [memory for memory in memories if later.shows(memory)], later)
        until = end if later.known_at is None else min(end, later.known_at)
        (old_edges, cut), (new_edges, cut_too), (retracted, cut_then) = await asyncio.gather(
            self._pages.edges_on(old), self._pages.edges_on(new), self._retracted(old, until)
        )
        project = listing.project
        both = _in_both(old.memories, new.memories, start)
        nodes = (
            await self._memories.read(project.id, [memory.id for memory in both], start),
            await self._memories.read(project.id, [memory.id for memory in both], until),
        )
        kept = _in_both(old_edges, new_edges, start)
        edges = (
            await self._edges_known(project, kept, start),
            await self._edges_known(project, kept, until),
        )
        return GraphDifference(
            _differences(old.memories, new.memories, *nodes),
            _differences(old_edges, new_edges, *edges),
            retracted,
            cut or cut_too or cut_then or more,
            self._listings.cursor(listing, memories, more, later, now),
        )

    async def _edges_known(
        self, project: Project, edges: Iterable[Edge], known_at: int | None = None
    ) -> dict[str, Edge]:
        """The edges by id, as they were known at `known_at`, microseconds; None is now."""
        owners: dict[str, list[str]] = {}
        for edge in edges:
            owners.setdefault(slot_of(project, edge.source), []).append(edge.id)
        found: dict[str, Edge] = {}
        for slot, ids in owners.items():
            found |= await self._edges.read(slot, ids, known_at)
        return found

    async def _retracted(self, old: Sheet, until: int) -> tuple[list[Edge], bool]:
        """Edges that somebody withdrew by `until`, and whether a cap cut the list.

        They were in the old graph as it was known at its own instant. Both of their ends are still
        in the old graph.
        """
        project, before = old.listing.project, old.snapshot
        start, known_at = before.as_of, before.known_at
        then = replace(before, known_at=start if known_at is None else min(start, known_at))
        nodes = await self._known.shown(project, (memory.id for memory in old.memories), then)
        edges, cut = await self._pages.edges_on(Sheet(old.listing, list(nodes.values()), then))
        gone = {
            edge.id
            for edge in (await self._edges_known(project, edges)).values()
            if edge.retracted_at is not None and edge.retracted_at <= until
        }
        withdrawn = [edge for edge in edges if edge.id in gone]
        ends = {end for edge in withdrawn for end in (edge.source, edge.target)}
        there = await self._known.shown(project, ends, before)
        return [edge for edge in withdrawn if {edge.source, edge.target} <= there.keys()], cut


def _in_both(old: Sequence[Element], new: Sequence[Element], start: int) -> list[Element]:
    """What is there at both instants, and may have been corrected since `start`, the first."""
    old_ids = {element.id for element in old}
    return [element for element in new if element.id in old_ids and element.recorded_at > start]


def _differences(
    old: Sequence[Element],
    new: Sequence[Element],
    before: Mapping[str, Element],
    after: Mapping[str, Element],
) -> Differences[Element]:
    """`before` and `after` are the versions known at the two instants, by id.

    An element has changed if it is in both, as two versions.
    """
    old_ids, new_ids = {element.id for element in old}, {element.id for element in new}
    return Differences(
        [element for element in new if element.id not in old_ids],
        [element for element in old if element.id not in new_ids],
        [
            (before[element_id], last)
            for element_id, last in after.items()
            if element_id in before and before[element_id].recorded_at != last.recorded_at
        ],
    )
