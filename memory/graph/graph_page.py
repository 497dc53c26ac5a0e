"""An owner's graph at an instant, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from memory.context.known_memories import KnownMemories, slot_of
from memory.domain.batched import batched
from memory.domain.caller import Caller
from memory.domain.memory import Edge, Memory, Scope
from memory.domain.results import GraphPage
from memory.graph.follows import Follows, derived
from memory.graph.frontier import Step
from memory.graph.traversal import NODES_A_TRIP
from memory.ports.edges import Adjacent, EdgeReader, Reach
from memory.query.views import ANY_EDGE, NOW, Direction, Snapshot, View, Walk
from memory.read.listings import Listing, Listings

# Edges of one node in one direction that a graph shows at most.
MOST_EDGES_OF_NODE = 10_000
# Edges of one owner that a page shows at most.
MOST_EDGES = 50_000
# Edges that one round trip reads in full.
_EDGES_A_TRIP = 2_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """The memories on one page of a graph, newest first, in one snapshot."""

    listing: Listing
    memories: Sequence[Memory]
    snapshot: Snapshot

    def by_slot(self) -> dict[str, dict[str, Memory]]:
        """The memories by their owner's slot, and then by id."""
        owners: dict[str, dict[str, Memory]] = {}
        for memory in self.memories:
            slot = slot_of(self.listing.project, memory.id)
            owners.setdefault(slot, {})[memory.id] = memory
        return owners


class GraphPages:
    """Part of memory.service.api.Graph: `page`. It also reads edges for `difference`."""

    def __init__(
        self, listings: Listings, known: KnownMemories, edges: EdgeReader, follows: Follows
    ) -> None:
        self._listings, self._known = listings, known
        self._edges, self._follows = edges, follows

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None = None,
        walk: Walk = ANY_EDGE,
        view: View = NOW,
    ) -> GraphPage:
        listing, snapshot, now = await self._listings.open(caller, scope, cursor, True, view)
        memories, more = await self._listings.next(listing, limit, [snapshot])
        edges, cut = await self.edges_on(Sheet(listing, memories, snapshot), walk)
        next_cursor = self._listings.cursor(listing, memories, more, snapshot, now)
        return GraphPage(memories, edges, cut or more, next_cursor)

    async def edges_on(self, sheet: Sheet, walk: Walk = ANY_EDGE) -> tuple[list[Edge], bool]:
        """The edges of this page, by created_at, and whether a cap cut them.

        One end of each edge is on this page. The other end is on this page or on one before it.
        """
        found = await asyncio.gather(
            *(
                self._edges_of_owner(sheet, slot, nodes, walk)
                for slot, nodes in sheet.by_slot().items()
            )
        )
        edges = [edge for owner_edges, _ in found for edge in owner_edges]
        edges.sort(key=lambda edge: (edge.created_at, edge.id, edge.source))
        return edges, any(cut for _, cut in found)

    async def _edges_of_owner(
        self, sheet: Sheet, slot: str, nodes: Mapping[str, Memory], walk: Walk
    ) -> tuple[list[Edge], bool]:
        steps, cut = await self._steps_from(sheet, slot, nodes, walk)
        if walk.follows:
            steps += await self._sequences(sheet, slot, nodes)
        steps = await self._to_pages_so_far(sheet, steps, nodes)
        stored = {step.edge.edge_id for step in steps if step.edge.derived is None}
        wanted = sorted(stored)[:MOST_EDGES]
        edges = [step.edge.derived for step in steps if step.edge.derived]
        for edge_ids in batched(wanted, _EDGES_A_TRIP):
            edges += (await self._edges.read(slot, edge_ids, sheet.snapshot.known_at)).values()
        return edges, cut or len(stored) > MOST_EDGES

    async def _steps_from(
        self, sheet: Sheet, slot: str, nodes: Mapping[str, Memory], walk: Walk
    ) -> tuple[list[Step], bool]:
        """The stored edges of these nodes, and whether a cap cut them.

        An edge is left out if its far end is older than the oldest node here: a later page has it.
        """
        steps: list[Step] = []
        if walk.only_follows:
            return steps, False
        # On a first page both ends of an edge are here, so its source alone finds it.
        direction = Direction.OUT if sheet.listing.after is None else Direction.BOTH
        since = min(memory.created_at for memory in nodes.values())
        reach = Reach(direction, sheet.snapshot, MOST_EDGES_OF_NODE, walk.stored, since)
        cut = False
        for trip in batched(list(nodes), NODES_A_TRIP):
            found = await self._edges.expand(slot, trip, reach, memories=False)
            cut |= found.cut
            steps += _steps(found.adjacent)
        return steps, cut

    async def _to_pages_so_far(
        self, sheet: Sheet, steps: Sequence[Step], nodes: Mapping[str, Memory]
    ) -> list[Step]:
        """The steps that lead to a node of this page or of an earlier page. Those are newer."""
        listing, snapshot = sheet.listing, sheet.snapshot
        earlier = set()
        if listing.after is not None:
            others = {step.edge.other for step in steps} - nodes.keys()
            shown = await self._known.shown(listing.project, others, snapshot)
            earlier = {
                memory.id
                for memory in shown.values()
                if memory.created_at >= listing.after.created_at
                and listing.scope.covers(memory.scope)
            }
        return [step for step in steps if step.edge.other in nodes or step.edge.other in earlier]

    async def _sequences(self, sheet: Sheet, slot: str, nodes: Mapping[str, Memory]) -> list[Step]:
        """The FOLLOWS edges of these nodes.

        Two memories of a session that are neighbours on a page are neighbours in the session. Only
        the newest memory of a session can have its successor on an earlier page.
        """
        if not self._follows.enabled:
            return []
        newest: dict[str, Memory] = {}
        steps = []
        for memory in sorted(nodes.values(), key=lambda memory: memory.created_at):
            session = memory.scope.session_id
            if session is None:
                continue
            if session in newest:
                steps.append(Step(newest[session].id, derived(newest[session], memory, False)))
            newest[session] = memory
        if sheet.listing.after is not None:
            later = await self._follows.of(
                slot, newest.values(), Direction.IN, sheet.snapshot, sheet.listing.scope
            )
            steps += _steps(later)
        return steps


def _steps(adjacent: Mapping[str, Iterable[Adjacent]]) -> list[Step]:
    return [Step(node, edge) for node, edges in adjacent.items() for edge in edges]
