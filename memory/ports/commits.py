"""How the record is written: transactions, each once, and the outbox that they leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.idempotency import Commit, Operation
from memory.domain.transaction import Briefing, DedupKey, Transaction


class Commits(Protocol):
    async def brief(
        self, slot: str, claims: Sequence[DedupKey] = (), memory_ids: Sequence[str] = ()
    ) -> Briefing:
        """Everything that a write reads first, in one round trip."""
        ...

    async def commit(self, transactions: Sequence[Transaction]) -> list[Commit | None]:
        """Carry out each transaction wholly or not at all, in order. Every change is an event in
        the owner's log. An owner whose memories change is marked dirty first.

        Answers the record time of each. None if something that the transaction expects to stand
        has changed, or if its record time would not be earlier than its `before`: then read again
        and try again. A transaction whose operation was committed before writes nothing; it
        answers that commit, with its answer.
        """
        ...

    async def committed(self, operations: Sequence[tuple[str, str]]) -> list[Commit | None]:
        """What each (slot, operation) of a Transaction committed. None if it did not, or did so
        more than a day ago."""
        ...


class IdempotencyClaims(Protocol):
    """Claims that Idempotency-Keys make on operations."""

    async def claim(self, project_id: str, operation: Operation) -> Operation:
        """The operation as its first request claimed it; this one if none did. The claim stands
        for 25 hours from the last request, longer than any answer."""
        ...

    async def keep(self, project_id: str, operation: Operation) -> Operation:
        """Store what the operation keeps, with its claim. Answers the operation with what is kept:
        that is what another send of it stored first."""
        ...


@dataclass(frozen=True, slots=True)
class Dirty:
    """An owner that was written to a while ago; the index may lag behind. `mark` tells this write
    from a later one."""

    slot: str
    mark: str


class Outbox(Protocol):
    """Which memories the index may lag behind."""

    async def dirty(self, older_than: float) -> list[Dirty]:
        """Owners last written to at least `older_than` seconds ago, and not cleaned since."""
        ...

    async def clean(self, dirty: Dirty) -> None:
        """Take the mark away, unless the owner was written to again meanwhile."""
        ...

    async def pending(self, slot: str) -> list[str]:
        """The owner's outbox: ids of memories whose index may lag."""
        ...

    async def settle(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """By slot, clear the outbox entries of memories that are still at this version (or
        ERASED). Returns the ids that moved on."""
        ...

    async def moved(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """By slot the ids that are at another version; nothing is cleared."""
        ...
