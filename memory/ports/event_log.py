"""The live feed's way to the owners' logs of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from memory.domain.caller import Caller
from memory.domain.events import LogEvent, LogPage, Position
from memory.domain.memory import Scope


class EventLog(Protocol):
    """Reads the events that commits write. `slot` is memory.domain.ids's Project.slot of an owner.
    Methods raise StoreUnavailable if Redis does not answer in time."""

    async def slot(self, caller: Caller, scope: Scope) -> str:
        """Where the events of the scope's owner are. Raises ScopeRequired or InvalidInput
        unless exactly one owner is named, and Forbidden if the caller is bound to another user."""
        ...

    async def page(self, slot: str, after: Position, limit: int) -> LogPage:
        """The first `limit` events beyond a position."""
        ...

    async def after(
        self, positions: Mapping[str, Position], limit: int
    ) -> dict[str, list[LogEvent]]:
        """By slot the first `limit` events beyond its position; slots without any are left out."""
        ...

    async def close(self) -> None: ...
