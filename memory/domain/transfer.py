"""The way out and the way in: whole owners, with every version on both clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from memory.domain.caller import Caller
from memory.domain.errors import Refused
from memory.domain.memory import Owner, Scope
from memory.domain.records import Entry, Record


@dataclass(frozen=True, slots=True)
class Mark:
    """Where to read on in an owner's slot, as of the record time `until`.

    First come the memories beyond the place `after` (created_at, id), then, with `edges`, the
    edges that leave the memories beyond it; `scan` is a memory some of whose edges were read, and
    where its others begin. The owner is known from its first memory on.
    """

    slot: str
    until: int
    owner: Owner | None = None
    after: tuple[int, str] | None = None
    edges: bool = False
    scan: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class OwnerPage:
    """Some records of an owner as of the record time `until`, memories in order of creation before
    all edges; `following` is None after the last. An owner of whom nothing had been recorded by
    then is None."""

    project_id: str
    until: int
    owner: Owner | None
    records: Sequence[Record]
    following: Mark | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a backup consists of: everything that had been recorded at `at`."""

    at: int
    entries: Sequence[Entry]
    slots: Sequence[str]


@dataclass(frozen=True, slots=True)
class Brought:
    """A record that was imported, or that stood already as it is. `id` is its id here. `replayed`:
    an earlier send of the request had this answer."""

    id: str
    present: bool
    replayed: bool = field(default=False, compare=False)


class Transfer(Protocol):
    """Export and import, backup and restore. Raises what memory.service.api.Memories raises."""

    async def export(
        self, caller: Caller, scope: Scope, mark: Mark | None = None, known_at: int | None = None
    ) -> OwnerPage:
        """A page of exactly the owner that the scope names with one field. The first page pins
        the record time: now, or an earlier `known_at`."""
        ...

    async def import_records(
        self, caller: Caller, scope: Scope | None, records: Sequence[Record]
    ) -> list[Brought | Refused]:
        """One answer a record, in order; the same records again change nothing. With a scope of
        one field they become that owner's. Ids stay where project and owner do, and are otherwise
        new ones, the same each time. What was brought can be searched for."""
        ...

    async def inventory(self, caller: Caller) -> Inventory:
        """Begin a backup of everything."""
        ...

    async def owner_pages(self, caller: Caller, marks: Sequence[Mark]) -> list[OwnerPage]:
        """A page of each owner, in order, that share the bounds of one page."""
        ...

    async def restore_entries(
        self, caller: Caller, entries: Sequence[Entry]
    ) -> list[Brought | Refused]:
        """Put back what belongs to no owner. Refused where it stands with another secret and is in
        use."""
        ...

    async def restore_records(
        self, caller: Caller, records: Sequence[tuple[str, Record]]
    ) -> list[Brought | Refused]:
        """Put back records with the id of their project; every id stays."""
        ...
