"""Get, history and list. A list is pinned at one instant, which its cursor carries on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from memory.errors import InvalidInput
from memory.identity import Project, owner_tag
from memory.model import Memory, Scope
from memory.ports import Cursor
from memory.results import Page
from memory.stores import Stores, missing, slot_of
from memory.view import NOW, View

_PLACES_A_TRIP = 200


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a page ended, and the instant that its list is pinned at."""

    place: Cursor
    as_of: int

    @classmethod
    def read(cls, cursor: str | None) -> Bookmark | None:
        """Raises InvalidInput for a text that `write` did not make."""
        if cursor is None:
            return None
        try:
            padded = cursor.encode() + b"=" * (-len(cursor) % 4)
            created_at, as_of, memory_id = base64.urlsafe_b64decode(padded).decode().split(".")
            if owner_tag(memory_id) is None:
                raise ValueError(memory_id)
            return cls(Cursor(int(created_at), memory_id), int(as_of))
        except (ValueError, binascii.Error):
            raise InvalidInput("cursor is not one that this service gave out") from None

    def write(self) -> str:
        text = f"{self.place.created_at}.{self.as_of}.{self.place.memory_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class Reading(Stores):
    async def get(self, project: str, memory_id: str, view: View = NOW) -> Memory:
        place = await self._project(project)
        memory = await self._known(place, memory_id, view.known_at)
        if view.as_of is not None and not view.pinned(view.as_of).shows(memory):
            raise missing(memory_id)
        return memory

    async def history(self, project: str, memory_id: str) -> list[Memory]:
        place = await self._project(project)
        versions = await self._graph.history(slot_of(place, memory_id), memory_id)
        if not versions:
            raise missing(memory_id)
        return versions

    async def page(
        self,
        project: str,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        place = await self._project(project)
        bookmark = Bookmark.read(cursor)
        if bookmark is not None:
            view = replace(view, as_of=bookmark.as_of)
        slots = [place.slot(tag) for tag in await self._owners(place, scope)]
        world = await self._world(slots, view)
        after = bookmark.place if bookmark else None
        memories, end = await self._listed(
            place, slots, scope, limit, after, newest, world.known_at, world.shows
        )
        return Page(memories, Bookmark(end, world.as_of).write() if end else None)

    async def _listed(
        self,
        project: Project,
        slots: Sequence[str],
        scope: Scope,
        limit: int,
        after: Cursor | None,
        newest: bool,
        known_at: int | None,
        shows: Callable[[Memory], bool],
    ) -> tuple[list[Memory], Cursor | None]:
        """The next `limit` memories of a scope that are to be shown, as known then, and the place
        of the last one where more follow."""
        if newest and known_at is not None and (after is None or after.created_at > known_at):
            after = Cursor(known_at + 1, "")  # nothing was known of what is newer
        visible: list[Memory] = []
        while len(visible) <= limit:
            want = max(limit + 1 - len(visible), _PLACES_A_TRIP)
            places = await self._graph.page(slots, scope.session_id, want, after, newest)
            found = await self._graph.read(
                project.id, [each.memory_id for each in places], known_at
            )
            known = (found.get(each.memory_id) for each in places)
            visible += [each for each in known if each and scope.covers(each.scope) and shows(each)]
            if len(places) < want:
                break
            after = places[-1]
        shown = visible[:limit]
        more = len(visible) > limit
        return shown, Cursor(shown[-1].created_at, shown[-1].id) if more else None
