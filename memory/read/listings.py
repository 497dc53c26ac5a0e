"""Lists of memories, page by page. A cursor pins the instants of the first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.context.extents import Extents
from memory.context.projects import Projects
from memory.domain.batched import batched
from memory.domain.caller import Caller
from memory.domain.ids import Project
from memory.domain.memory import Memory, Scope
from memory.ports.memories import Cursor, MemoryReader
from memory.query.views import Snapshot, View
from memory.read.cursor import PageCursor

_POSITIONS_A_TRIP = 200
_BODIES_A_TRIP = 500
# Characters of contents on one page. A page of long memories ends early, and its cursor leads on.
MOST_CHARACTERS = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list: these owners' memories of a scope, beyond a position."""

    project: Project
    slots: Sequence[str]
    scope: Scope
    after: Cursor | None
    newest: bool

    @property
    def narrow(self) -> bool:
        """Whether the owners hold memories that are not of the scope."""
        return self.scope.user_id is None or len(self.scope.given()) > 1


class Listings:
    """Reads lists as the record knows them."""

    def __init__(self, projects: Projects, extents: Extents, memories: MemoryReader) -> None:
        self._projects, self._extents, self._memories = projects, extents, memories

    async def open(
        self, caller: Caller, scope: Scope, cursor: str | None, newest: bool, view: View
    ) -> tuple[Listing, Snapshot, int]:
        """What to list, the snapshot of this page, and Redis's now."""
        page_cursor = None if cursor is None else PageCursor.read(cursor)
        if page_cursor is not None:
            view = page_cursor.continues(view, newest)
        project = await self._projects.of(caller)
        scope = project.narrow(scope)
        slots = [
            project.slot(owner_hash)
            for owner_hash in await self._extents.owner_hashes(project, scope)
        ]
        now = (await self._memories.instant(slots)).now
        after = page_cursor.position if page_cursor else None
        return Listing(project, slots, scope, after, newest), view.pinned(now), now

    async def next(
        self, listing: Listing, limit: int, snapshots: Sequence[Snapshot]
    ) -> tuple[list[Memory], bool]:
        """The next `limit` memories that at least one of the snapshots shows, and whether more may
        follow. The snapshots differ in as_of only."""
        known_at, after = snapshots[0].known_at, listing.after
        begin = after.created_at if after else None
        if listing.newest and known_at is not None and (begin is None or begin > known_at):
            after = Cursor(known_at + 1, "")  # newer memories were not known then
        memories: list[Memory] = []
        characters = 0
        while True:
            want = limit + 1 - len(memories)
            if listing.narrow:
                want = max(want, _POSITIONS_A_TRIP)
            positions = await self._memories.page(
                listing.slots, listing.scope.session_id, want, after, listing.newest, snapshots
            )
            ids = [position.memory_id for position in positions]
            for batch in batched(ids, _BODIES_A_TRIP):
                known = await self._memories.read(listing.project.id, batch, known_at)
                for memory in filter(None, map(known.get, batch)):
                    if not listing.scope.covers(memory.scope):
                        continue
                    if not any(snapshot.shows(memory) for snapshot in snapshots):
                        continue
                    if len(memories) == limit or characters > MOST_CHARACTERS:
                        return memories, True
                    memories.append(memory)
                    characters += len(memory.content)
            if len(positions) < want:
                return memories, False
            after = positions[-1]

    def cursor(
        self, listing: Listing, memories: Sequence[Memory], more: bool, snapshot: Snapshot, now: int
    ) -> str | None:
        """The cursor of the next page. None if there is no more."""
        if not more:
            return None
        known_at = now if snapshot.known_at is None else snapshot.known_at
        position = Cursor(memories[-1].created_at, memories[-1].id)
        return PageCursor(position, snapshot.as_of, known_at, listing.newest).write()
