"""Erasing an entity whole: what is asked, how much it was, and what erasing needs of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ReceiptFields = Mapping[str, Any]
"""A receipt as it is signed and answered (memory.erasure.receipts)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of an entity there was, or is. `claims` of contents and edges keep a second one
    out; `events` are entries of the owner's stream, `index_points` versions in the index."""

    memories: int = 0
    versions: int = 0
    edges: int = 0
    claims: int = 0
    events: int = 0
    index_points: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """An erasure that was asked for. `subject` stands for the entity (memory.erasure.receipts),
    `owner_hash` for
    the owner that it is itself. `value` is its name, kept for as long as the erasure runs where
    memories of other owners have to be found by it: for a user that is never so."""

    id: str
    project_id: str
    kind: str
    subject: str
    owner_hash: str
    value: str | None
    requested_at: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was asked for; without a receipt as long as it runs. `replayed`: an earlier
    send of the request had this answer."""

    id: str
    receipt: ReceiptFields | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished erasure as it is stored, with the hashes of the owner that the entity is itself,
    and of the owners that it touched."""

    receipt: ReceiptFields
    owner_hash: str
    touched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What some memories of an owner are; edges and claims by id, as two of them may share one."""

    versions: int
    edges: frozenset[str]
    claims: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A receipt looked at again. `remaining`: what there is of the entity now, in both stores;
    None where the receipt is not one of ours."""

    erasure: Erasure
    signature_valid: bool
    remaining: Counts | None
