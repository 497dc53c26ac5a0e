"""The way out and the way in: whole owners, with every version on both clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.domain.memory import Owner
from memory.domain.records import Entry, Record


@dataclass(frozen=True, slots=True)
class Mark:
    """Where to read on in an owner's slot, as of the record time `until`.

    `after` is a position (created_at, id) among the memories. Without `edges` the memories beyond
    it come next. With `edges` the edges that leave the memories beyond it come next. `scan` is
    (memory id, where its other edges begin) if only some edges of that memory were read. The owner
    is known after the first memory was read.
    """

    slot: str
    until: int
    owner: Owner | None = None
    after: tuple[int, str] | None = None
    edges: bool = False
    scan: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class OwnerPage:
    """Some records of an owner as of the record time `until`.

    All memories, in order of creation, come before all edges. `following` is None on the last page.
    `owner` is None if nothing had been recorded of the owner by then.
    """

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
    """A record that was imported, or, if `present`, that was there already as it is. `id` is its id
    here. If `replayed`, an earlier send of the request had this answer."""

    id: str
    present: bool
    replayed: bool = field(default=False, compare=False)
