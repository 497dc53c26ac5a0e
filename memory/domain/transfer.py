"""The way out and the way in: whole owners, with every version on both clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.domain.memory import Owner
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
