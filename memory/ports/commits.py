"""How the record is written: by transactions, each once. They leave an outbox behind."""

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
        """Everything that a write reads first, in one round trip. `claims` are the keys of dedup
        claims."""
        ...

    async def commit(self, transactions: Sequence[Transaction]) -> list[Commit | None]:
        """Carry out each transaction wholly or not at all, in order. Every change is a log event of
        the owner. An owner whose memories change is marked dirty first.

        Answers one commit for each transaction. It is None if something that the transaction
        expects has changed, or if the record time would not be earlier than `before`. Then the
        caller reads again and tries again. A transaction whose operation was committed before
        writes nothing. Its answer is that commit, with what was answered then.
        """
        ...

    async def committed(self, operations: Sequence[tuple[str, str]]) -> list[Commit | None]:
        """The commit of each (slot, operation of a Transaction). None if there was none, or if it
        is more than a day old."""
        ...


class IdempotencyClaims(Protocol):
    """Idempotency claims: what Idempotency-Keys claim of operations."""

    async def claim(self, project_id: str, operation: Operation) -> Operation:
        """The operation as its first request claimed it. This operation itself if no request did.
        The claim stands for 25 hours from the last request, which is longer than any answer."""
        ...

    async def keep(self, project_id: str, operation: Operation) -> Operation:
        """Store what the operation keeps, with its claim. Answers the operation with what is kept.
        If another send of the request was first, that is what the other one stored."""
        ...


@dataclass(frozen=True, slots=True)
class Dirty:
    """An owner that was written to a while ago. The index may lag behind. `mark` tells this write
    apart from a later one."""

    slot: str
    mark: str


class Outbox(Protocol):
    """Which memories the index may lag behind."""

    async def dirty(self, older_than: float) -> list[Dirty]:
        """Owners whose last write is at least `older_than` seconds old, and who were not cleaned
        since."""
        ...

    async def clean(self, dirty: Dirty) -> None:
        """Take the mark away, unless the owner was written to again meanwhile."""
        ...

    async def pending(self, slot: str) -> list[str]:
        """The owner's outbox: the ids of memories that the index may lag behind."""
        ...

    async def settle(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """Clear the outbox entries of memories that are still at the version given, or still
        ERASED. `tokens` gives versions by slot and memory id. Returns by slot the ids of the
        memories that moved on."""
        ...

    async def moved(self, tokens: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """As `settle`, but nothing is cleared: by slot the ids of the memories that moved on."""
        ...
