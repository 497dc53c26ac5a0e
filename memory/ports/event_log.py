"""How the live feed reads the owners' logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from memory.domain.caller import Caller
from memory.domain.events import LogEvent, LogPage, Position
from memory.domain.memory import Scope


class EventLog(Protocol):
    """Reads the log events that commits write. `slot` is the Project.slot of an owner
    (memory.domain.ids). Methods raise StoreUnavailable if Redis does not answer in time."""

    async def slot(self, caller: Caller, scope: Scope) -> str:
        """The slot of the scope's owner. Raises ScopeRequired or InvalidInput if not exactly one
        owner is named, and Forbidden if the caller is bound to another user."""
        ...

    async def page(self, slot: str, after: Position, limit: int) -> LogPage:
        """The first `limit` events beyond a position."""
        ...

    async def after(
        self, positions: Mapping[str, Position], limit: int
    ) -> dict[str, list[LogEvent]]:
        """The first `limit` events beyond each slot's position, by slot. Slots without such events
        are left out."""
        ...

    async def close(self) -> None: ...
