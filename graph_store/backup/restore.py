"""Turns a record into the one call of restore.lua that puts it back."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from graph_store.format import layout, packing
from graph_store.format.keys import OwnerKeys
from graph_store.format.layout import WriteCommand
from graph_store.redis.connection import Command
from graph_store.redis.scripts import script
from memory.domain import dedup
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.records import EdgeRecord, MemoryRecord, Record
from memory.domain.transaction import DedupKey, holding

_RESTORE = script("backup/restore")


def restore_call(slot: str, record: Record) -> Command:
    """The command that restores the record; it answers a Landing."""
    owner = OwnerKeys(slot)
    if isinstance(record, MemoryRecord):
        thing, plan = owner.memory(record.id), _memory_plan(owner, record)
    else:
        thing, plan = owner.edge(record.id), _edge_plan(owner, record)
    last = record.versions[-1]
    plan["newest"] = str(last.recorded_at if last.retracted_at is None else last.retracted_at)
    return _RESTORE.call([owner.clock, thing], orjson.dumps(plan).decode())


def _memory_plan(owner: OwnerKeys, record: MemoryRecord) -> dict[str, object]:
    last = record.versions[-1]
    return {
        "needs": [owner.memory(superseded) for superseded in last.supersedes],
        "successors": [],
        "claim": _claim(owner, dedup.key_of(last), last) if record.holds_claim else [],
        "writes": [*_memory_writes(owner, record)],
    }


def _memory_writes(owner: OwnerKeys, record: MemoryRecord) -> Iterator[WriteCommand]:
    *earlier, last = record.versions
    yield from layout.list_memory(owner, last)
    for version in earlier:
        yield layout.put_earlier_memory(owner, version)
    yield layout.put_memory(owner, last)
    if not last.open:
        yield layout.bound(owner, last)
    yield layout.unbury(owner, last)
    yield layout.put_in_outbox(owner, last)


def _edge_plan(owner: OwnerKeys, record: EdgeRecord) -> dict[str, object]:
    last = record.versions[-1]
    system = last.relation == SUPERSEDES
    claimed = last.retracted_at is None and not system
    return {
        "needs": [owner.memory(last.source), owner.memory(last.target)],
        "successors": [owner.successors, last.target] if system else [],
        "claim": _claim(owner, dedup.edge_key(last), last) if claimed else [],
        "writes": [*_edge_writes(owner, record)],
    }


def _edge_writes(owner: OwnerKeys, record: EdgeRecord) -> Iterator[WriteCommand]:
    *earlier, last = record.versions
    if last.relation == SUPERSEDES:
        yield layout.put_successor(owner, last, last.created_at)
    for version in earlier:
        yield layout.put_earlier_edge(owner, version)
    yield layout.put_edge(owner, last)
    for version in record.versions:
        yield from layout.join_ends(owner, version)


def _claim(owner: OwnerKeys, key: DedupKey, thing: Memory | Edge) -> WriteCommand:
    """The thing holds the claim too, beside those who hold it by then."""
    return [owner.claim(key), key.field, packing.pack_holdings((holding(thing),))]
