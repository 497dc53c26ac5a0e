"""What upkeep needs of the record: everything there is, rather than what a request names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class Archive(Protocol):
    """Part of memory.ports.GraphStore. Methods raise StoreUnavailable as all of it does."""

    def slots(self, project_id: str | None = None) -> AsyncIterator[str]:
        """Slots of every owner with memories, of one project or of all; each once, in no order.
        Owners written meanwhile may be missed."""
        ...
