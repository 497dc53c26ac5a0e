"""Get, history and list. A list is pinned at both instants of its first page by its cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memory.context.stores import Stores, missing, slot_of
from memory.domain.batched import parts
from memory.domain.caller import Caller
from memory.domain.clock import EARLIEST, LATEST
from memory.domain.errors import InvalidInput
from memory.domain.ids import Project, owner_hash_of
from memory.domain.memory import Memory, Scope
from memory.domain.results import Page
from memory.ports.graph_store import Cursor
from memory.query.views import NOW, Snapshot, View

_PLACES_A_TRIP = 200
_BODIES_A_TRIP = 500
MOST_CHARACTERS = 16 * 2**20
"""Of contents on one page: a page of long memories ends early, and its cursor leads on."""


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Where a page ended, and the instants and order of its list."""

    place: Cursor
    as_of: int
    known_at: int
    newest: bool

    @classmethod
    def read(cls, cursor: str) -> PageCursor:
        """Raises InvalidInput for a text that `write` did not make."""
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            parts = base64.urlsafe_b64decode(padded).decode().split(".")
            *instants, newest, memory_id = parts
            at, as_of, known_at = map(int, instants)
            sound = all(EARLIEST <= each < LATEST for each in (at, as_of, known_at))
            if owner_hash_of(memory_id) is None or not sound:
                raise ValueError(cursor)
            return cls(Cursor(at, memory_id), as_of, known_at, newest == "1")
        except (ValueError, binascii.Error):
            raise InvalidInput("cursor is not one that this service gave out") from None

    def write(self) -> str:
        parts = (self.place.created_at, self.as_of, self.known_at, int(self.newest))
        text = ".".join(map(str, (*parts, self.place.memory_id)))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def continues(self, view: View, newest: bool) -> View:
        """The view of the next page. Raises InvalidInput where the caller asks for another one."""
        asked = (view.as_of, view.known_at)
        for instant, pinned in zip(asked, (self.as_of, self.known_at), strict=True):
            if instant not in (None, pinned):
                raise InvalidInput("cursor was given out for another as_of or known_at")
        if newest != self.newest:
            raise InvalidInput("cursor was given out for the other order")
        return replace(view, as_of=self.as_of, known_at=self.known_at)


@dataclass(frozen=True, slots=True)
class Listing:
    """Where to list: these owners' memories of a scope, beyond a place."""

    project: Project
    slots: Sequence[str]
    scope: Scope
    after: Cursor | None
    newest: bool

    @property
    def narrow(self) -> bool:
        """Whether the owners hold memories that are not of the scope."""
        return self.scope.user_id is None or len(self.scope.given()) > 1


class Reading(Stores):
    async def get(self, caller: Caller, memory_id: str, view: View = NOW) -> Memory:
        place = await self._place(caller)
        memory = await self._known(place, memory_id, view.known_at)
        if view.as_of is not None and not view.pinned(view.as_of).shows(memory):
            raise missing(memory_id)
        return memory

    async def history(self, caller: Caller, memory_id: str) -> list[Memory]:
        place = await self._place(caller)
        versions = await self._graph.history(slot_of(place, memory_id), memory_id)
        if not versions:
            raise missing(memory_id)
        return versions

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        listing, snapshot, now = await self._listing(caller, scope, cursor, newest, view)
        memories, more = await self._listed(listing, limit, [snapshot])
        return Page(memories, self._cursor(listing, memories, more, snapshot, now))

    async def _listing(
        self, caller: Caller, scope: Scope, cursor: str | None, newest: bool, view: View
    ) -> tuple[Listing, Snapshot, int]:
        """What to list, the world of this page, and Redis's now."""
        bookmark = None if cursor is None else PageCursor.read(cursor)
        if bookmark is not None:
            view = bookmark.continues(view, newest)
        place = await self._place(caller)
        scope = place.narrow(scope)
        slots = [place.slot(owner_hash) for owner_hash in await self._owners(place, scope)]
        now = (await self._graph.instant(slots)).now
        after = bookmark.place if bookmark else None
        return Listing(place, slots, scope, after, newest), view.pinned(now), now

    async def _listed(
        self, listing: Listing, limit: int, snapshots: Sequence[Snapshot]
    ) -> tuple[list[Memory], bool]:
        """The next `limit` memories that one of the worlds shows, and whether more may follow.
        The worlds differ in as_of only."""
        known_at, after = snapshots[0].known_at, listing.after
        begin = after.created_at if after else None
        if listing.newest and known_at is not None and (begin is None or begin > known_at):
            after = Cursor(known_at + 1, "")  # nothing was known of what is newer
        memories: list[Memory] = []
        characters = 0
        while True:
            want = limit + 1 - len(memories)
            if listing.narrow:
                want = max(want, _PLACES_A_TRIP)
            places = await self._graph.page(
                listing.slots, listing.scope.session_id, want, after, listing.newest, snapshots
            )
            ids = [each.memory_id for each in places]
            for part in parts(ids, _BODIES_A_TRIP):
                known = await self._graph.read(listing.project.id, part, known_at)
                for memory in filter(None, map(known.get, part)):
                    if not listing.scope.covers(memory.scope):
                        continue
                    if not any(snapshot.shows(memory) for snapshot in snapshots):
                        continue
                    if len(memories) == limit or characters > MOST_CHARACTERS:
                        return memories, True
                    memories.append(memory)
                    characters += len(memory.content)
            if len(places) < want:
                return memories, False
            after = places[-1]

    def _cursor(
        self, listing: Listing, memories: Sequence[Memory], more: bool, snapshot: Snapshot, now: int
    ) -> str | None:
        """Where the next page begins."""
        if not more:
            return None
        known_at = now if snapshot.known_at is None else snapshot.known_at
        place = Cursor(memories[-1].created_at, memories[-1].id)
        return PageCursor(place, snapshot.as_of, known_at, listing.newest).write()
