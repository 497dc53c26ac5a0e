"""Lists of memories, page by page. A cursor pins the instants of the first page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memory.context.extents import Extents
from memory.context.projects import Projects
from memory.domain.batched import batched
from memory.domain.caller import Caller
from memory.domain.clock import EARLIEST, LATEST
from memory.domain.errors import InvalidInput
from memory.domain.ids import Project, owner_hash_of
from memory.domain.memory import Memory, Scope
from memory.ports.memories import Cursor, MemoryReader
from memory.query.views import Snapshot, View

_POSITIONS_A_TRIP = 200
_BODIES_A_TRIP = 500
# Characters of contents on one page. A page of long memories ends early, and its cursor leads on.
MOST_CHARACTERS = 16 * 2**20


@dataclass(frozen=True, slots=True)
class PageCursor:
    """The position at which a page ended, and the instants and the order of its list."""

    position: Cursor
    as_of: int
    known_at: int
    newest: bool

    @classmethod
    def read(cls, cursor: str) -> PageCursor:
        """Read a cursor. Raises InvalidInput for a text that `write` did not make."""
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            fields = base64.urlsafe_b64decode(padded).decode().split(".")
            *instants, newest, memory_id = fields
            at, as_of, known_at = map(int, instants)
            sound = all(EARLIEST <= instant < LATEST for instant in (at, as_of, known_at))
            if owner_hash_of(memory_id) is None or not sound:
                raise ValueError(cursor)
            return cls(Cursor(at, memory_id), as_of, known_at, newest == "1")
        except (ValueError, binascii.Error):
            raise InvalidInput("cursor is not one that this service gave out") from None

    def write(self) -> str:
        fields = (self.position.created_at, self.as_of, self.known_at, int(self.newest))
        text = ".".join(map(str, (*fields, self.position.memory_id)))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def continues(self, view: View, newest: bool) -> View:
        """The view of the next page. Raises InvalidInput if the caller asks for another view or
        order than the list has."""
        asked = (view.as_of, view.known_at)
        for instant, pinned in zip(asked, (self.as_of, self.known_at), strict=True):
            if instant not in (None, pinned):
                raise InvalidInput("cursor was given out for another as_of or known_at")
        if newest != self.newest:
            raise InvalidInput("cursor was given out for the other order")
        return replace(view, as_of=self.as_of, known_at=self.known_at)


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
