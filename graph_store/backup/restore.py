"""Turns a record into the one call of restore.lua that puts it back."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from graph_store.format import packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command
from graph_store.redis.scripts import script
from memory.domain import dedup
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.records import EdgeRecord, MemoryRecord, Record
from memory.domain.transaction import DedupKey, holding

_RESTORE = script("restore")
_Write = list[str]


def script_call(slot: str, record: Record) -> Command:
    """Arguments of the EVAL that restores the record."""
    keys = OwnerKeys(slot)
    if isinstance(record, MemoryRecord):
        thing, plan = keys.memory(record.id), _memory_plan(keys, record)
    else:
        thing, plan = keys.edge(record.id), _edge_plan(keys, record)
    last = record.versions[-1]
    plan["newest"] = str(last.recorded_at if last.retracted_at is None else last.retracted_at)
    return ("EVAL", _RESTORE, 2, keys.key("clock"), thing, orjson.dumps(plan).decode())


def _memory_plan(keys: OwnerKeys, record: MemoryRecord) -> dict[str, object]:
    last = record.versions[-1]
    return {
        "needs": [keys.memory(each) for each in last.supersedes],
        "successors": [],
        "claim": _claim(keys, dedup.key_of(last), last) if record.holds_claim else [],
        "writes": [*_memory_writes(keys, record)],
    }


def _memory_writes(keys: OwnerKeys, record: MemoryRecord) -> Iterator[_Write]:
    *earlier, last = record.versions
    created = packing.score(last.created_at)
    yield ["ZADD", keys.key("ix"), created, last.id]
    if last.scope.session_id:
        yield ["ZADD", keys.session(last.scope.session_id), created, last.id]
    for each in earlier:
        retracted = packing.score(each.retracted_at)
        yield ["ZADD", keys.key("mv", each.id), retracted, packing.pack_memory(each)]
    yield ["SET", keys.memory(last.id), packing.pack_memory(last)]
    if not last.open:
        yield ["ZADD", keys.key("bd"), packing.score(last.valid_to), last.id]
    yield ["ZREM", keys.key("tomb"), last.id]
    yield ["HSET", keys.key("ob"), last.id, str(last.version)]


def _edge_plan(keys: OwnerKeys, record: EdgeRecord) -> dict[str, object]:
    last = record.versions[-1]
    system = last.relation == SUPERSEDES
    claimed = last.retracted_at is None and not system
    return {
        "needs": [keys.memory(last.source), keys.memory(last.target)],
        "successors": [keys.key("sb"), last.target] if system else [],
        "claim": _claim(keys, dedup.edge_key(last), last) if claimed else [],
        "writes": [*_edge_writes(keys, record)],
    }


def _edge_writes(keys: OwnerKeys, record: EdgeRecord) -> Iterator[_Write]:
    *earlier, last = record.versions
    if last.relation == SUPERSEDES:
        successor = packing.stamp(last.created_at) + last.source
        yield ["HSET", keys.key("sb"), last.target, successor]
    for each in earlier:
        retracted = packing.score(each.retracted_at)
        yield ["ZADD", keys.key("ev", each.id), retracted, packing.pack_edge(each)]
    yield ["SET", keys.edge(last.id), packing.pack_edge(last)]
    for each in record.versions:
        live = each.retracted_at is None
        order = packing.score(each.valid_to if live else each.retracted_at)
        for key, outgoing in (("o", True), ("i", False)):
            end = each.source if outgoing else each.target
            name = key if live else f"x{key}"
            yield ["ZADD", keys.key(name, end), order, packing.member(each, outgoing)]


def _claim(keys: OwnerKeys, key: DedupKey, thing: Memory | Edge) -> _Write:
    return [keys.claim(key), key.field, packing.pack_holdings((holding(thing),))]
