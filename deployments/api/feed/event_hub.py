"""Everybody who listens to the live feed in this process, and the one task that reads for them.

A listener first reads for itself, in pages, from its position to the end of the owner's log; from
there the hub's task hands it what is new. Positions only grow, so neither a gap nor a duplicate can
come of changing over, and whoever may have missed something just reads for itself again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from deployments.api.feed.stopping import servers_here
from memory.domain.errors import NotFound, Unavailable
from memory.domain.events import BEGINNING, LogEvent, Position
from memory.ports.event_log import EventLog

log = logging.getLogger(__name__)

# A blocking read would hold a connection for each node, and cannot span the slots of a cluster.
_POLL_S = 0.1

_PAGE = 500

# Events that a listener may leave lying before it is cut off as slow.
_WAITING = 1_000

_RETRY_S = 0.5

# Where the owner's log is now: the slot.
CurrentSlot = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Reset:
    """The log cannot tell what came after the listener's position: what stands has to be listed
    anew, and what comes after `position` follows."""

    position: Position
    reason: str


class Listener:
    """One stream's position in an owner's log; a context manager, in which the hub knows it.

    `position`: up to where everything was handed out. `closing`: why it will get no more.
    """

    def __init__(
        self,
        hub: EventHub,
        current_slot: CurrentSlot,
        slot: str,
        position: Position,
        reset: Reset | None,
    ) -> None:
        self.slot, self.position = slot, position
        self._current_slot = current_slot
        self.closing: str | None = None
        self._hub, self._reset = hub, reset
        self._behind = True
        self._waiting: deque[LogEvent] = deque()
        self._woken = asyncio.Event()

    def __enter__(self) -> Self:
        self._hub.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hub.leave(self)

    async def next(self, within_s: float) -> list[LogEvent] | Reset:
        """What comes next; an empty list if nothing came in time, or nothing more will."""
        try:
            async with asyncio.timeout(within_s):
                while self.closing is None:
                    if found := self._reset or await self._take():
                        self._reset = None
                        return found
        except TimeoutError:
            pass
        return []

    async def moved(self) -> bool:
        """Whether the owner's log is another one by now, or none: their project was erased."""
        try:
            return await self._current_slot() != self.slot
        except Unavailable:
            return False  # nobody can tell now
        except NotFound:
            return True

    async def _take(self) -> list[LogEvent] | Reset:
        if self._behind:
            return await self._read()
        self._woken.clear()
        if not self._waiting:
            await self._woken.wait()
        events = [*self._waiting]
        self._waiting.clear()
        if events:
            self.position = events[-1].position
        return events

    async def _read(self) -> list[LogEvent] | Reset:
        try:
            page = await self._hub.log.page(self.slot, self.position, _PAGE)
        except Unavailable:
            await asyncio.sleep(_RETRY_S)
            return []
        if not page.continues(self.position):
            reason = "trimmed" if self.position <= page.last else "unknown_position"
            self.position = page.last
            return Reset(page.last, reason)
        if page.events:
            self.position = page.events[-1].position
        if len(page.events) < _PAGE:
            self._behind = not self._hub.join(self)
        return [*page.events]

    def hand(self, events: Sequence[LogEvent]) -> None:
        """Take what is new to this listener of the hub's events."""
        self._waiting += (event for event in events if event.position > self.position)
        if len(self._waiting) > _WAITING:
            self.close("slow_reader")
        self._woken.set()

    def fall_behind(self) -> None:
        """Read for itself again, from its position on."""
        self._waiting.clear()
        self._behind = True
        self._woken.set()

    def close(self, reason: str) -> None:
        self._waiting.clear()
        self.closing = self.closing or reason
        self._woken.set()


class EventHub:
    """The feed of this process. `stream_s`: how long a stream may last if the server would cut
    it off later; None is for ever."""

    def __init__(self, log: EventLog, stream_s: float | None = None) -> None:
        self.log, self.stream_s = log, stream_s
        self._listeners: set[Listener] = set()
        self._joined: dict[str, set[Listener]] = {}
        self._heads: dict[str, Position] = {}
        self._reader: asyncio.Task[None] | None = None

    async def listen(self, current_slot: CurrentSlot, since: str | None) -> Listener:
        """A listener to what comes in the log after `since`: an event's id, "0" for all
        that is kept, or None for now. Raises StoreUnavailable."""
        slot = await current_slot()
        wanted = None if since is None else Position.parse(since)
        page = await self.log.page(slot, wanted or BEGINNING, 1)
        position, reset = page.last, None
        if since == "0":
            position = page.first.before() if page.first else page.last
        elif wanted is not None:
            position = wanted  # whether the log reaches back to it, its first reading shows
        elif since is not None:
            reset = Reset(page.last, "unknown_position")
        return Listener(self, current_slot, slot, position, reset)

    def enter(self, listener: Listener) -> None:
        self._listeners.add(listener)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._keep_reading())

    def join(self, listener: Listener) -> bool:
        """Hand it what comes after its position from now on; False if the hub is already past
        that, so that the listener has to read on."""
        if self._heads.setdefault(listener.slot, listener.position) > listener.position:
            return False
        self._joined.setdefault(listener.slot, set()).add(listener)
        return True

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        joined = self._joined.get(listener.slot, set())
        joined.discard(listener)
        if not joined:
            self._forget(listener.slot)

    async def close(self) -> None:
        """End every stream."""
        self._close_all("shutdown")
        if self._reader is not None:
            self._reader.cancel()
        await self.log.close()

    async def _keep_reading(self) -> None:
        servers = servers_here()
        while self._listeners:
            await asyncio.sleep(_POLL_S)
            if any(server.should_exit for server in servers):
                self._close_all("shutdown")
            try:
                await self._read()
            except Exception as error:
                if not isinstance(error, Unavailable):
                    log.exception("the feed could not be read")
                for slot in [*self._joined]:
                    self._fall_behind(slot)

    async def _read(self) -> None:
        asked = dict(self._heads)
        if not asked:
            return
        for slot, events in (await self.log.after(asked, _PAGE)).items():
            if self._heads.get(slot) != asked[slot]:
                continue  # others joined elsewhere meanwhile: read again from there
            if len(events) == _PAGE:
                self._fall_behind(slot)  # so many that some may be gone: each looks for itself
                continue
            self._heads[slot] = events[-1].position
            for listener in self._joined[slot]:
                listener.hand(events)

    def _fall_behind(self, slot: str) -> None:
        for listener in self._joined[slot]:
            listener.fall_behind()
        self._forget(slot)

    def _forget(self, slot: str) -> None:
        self._joined.pop(slot, None)
        self._heads.pop(slot, None)

    def _close_all(self, reason: str) -> None:
        for listener in self._listeners:
            listener.close(reason)
