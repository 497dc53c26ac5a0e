"""Erasing an entity as a whole: what is asked, how much there was, and what the record keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A receipt as it is signed and answered (memory.erasure.receipts).
ReceiptFields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of an entity there was, or is.

    `claims` counts dedup claims of contents and edges. `events` counts events in the owner's log.
    `index_points` counts versions in the index.
    """

    memories: int = 0
    versions: int = 0
    edges: int = 0
    claims: int = 0
    events: int = 0
    index_points: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """An erasure that was asked for.

    `subject` stands for the entity (memory.erasure.receipts). `owner_hash` stands for the owner
    that the entity is itself. `value` is the entity's name. It is kept as long as the erasure runs,
    if memories of other owners must be found by it. For a user it is None.
    """

    id: str
    project_id: str
    kind: str
    subject: str
    owner_hash: str
    value: str | None
    requested_at: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was asked for. It has no receipt as long as it runs. If `replayed`, an
    earlier send of the request had this answer."""

    id: str
    receipt: ReceiptFields | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished erasure as it is stored. `owner_hash` stands for the owner that the entity is
    itself. `touched` are the hashes of the owners whose memories were erased."""

    receipt: ReceiptFields
    owner_hash: str
    touched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to some memories of an owner. Edges and dedup claims are named, because two
    memories may share one."""

    versions: int
    edges: frozenset[str]
    claims: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A receipt that was looked at again.

    `remaining` counts what both stores hold of the entity now. It is None if the receipt's
    signature is not valid. It is also None if the receipt is not kept here and the caller does not
    name the entity.
    """

    erasure: Erasure
    signature_valid: bool
    remaining: Counts | None
