"""What stands where: the commands that write a memory, an edge or a claim to its owner's keys.

memories/commit.py and erasure/owner.py send them with AT_COMMIT for the record time, which the
script puts in; backup/restore.py sends them with the times that were. So one module says that a
memory is listed, that it may be bounded, and what is left of it once it is erased.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graph_store.format import keys, packing
from graph_store.format.keys import KeyKind, OwnerKeys
from memory.domain.clock import AT_COMMIT
from memory.domain.memory import Edge, Memory
from memory.domain.transaction import ERASED, DedupKey, Holding

# A command of Redis, or ERASE <memory>: all edges of the memory and the feedback on it go
# (lua/lib/owner.lua).
WriteCommand = list[str]

# The live adjacency sets of a memory, outgoing edges first, and the retracted ones after them.
SIDES = (KeyKind.OUTGOING, KeyKind.INCOMING, KeyKind.RETRACTED_OUTGOING, KeyKind.RETRACTED_INCOMING)
# Where the other end of an edge lists it.
MIRRORS = {
    KeyKind.OUTGOING: KeyKind.INCOMING,
    KeyKind.INCOMING: KeyKind.OUTGOING,
    KeyKind.RETRACTED_OUTGOING: KeyKind.RETRACTED_INCOMING,
    KeyKind.RETRACTED_INCOMING: KeyKind.RETRACTED_OUTGOING,
}
# Where a side's edges move when they are retracted.
RETRACTED = {
    KeyKind.OUTGOING: KeyKind.RETRACTED_OUTGOING,
    KeyKind.INCOMING: KeyKind.RETRACTED_INCOMING,
}

# About how many events an owner's stream keeps.
EVENTS_KEPT = 10_000
# How long a job is known after its end.
JOB_KEPT_S = 7 * 24 * 3600

# A pattern of the keys that belong to no owner and have to outlive the server, and of others.
ENTRIES = "mg:[pke]*"
_ENTRY_TYPES = {
    re.compile(keys.project(".+")): "hash",
    re.compile(keys.PROJECTS): "set",
    re.compile(keys.api_key("[0-9a-f]+")): "hash",
    re.compile(keys.api_keys(".+")): "hash",
    re.compile(keys.PEPPER): "string",
    re.compile(r"mg:erasure:.+"): "string",
}


def entry_type(key: str) -> str | None:
    """The Redis type of an entry that belongs to no owner; None if the key is no such entry."""
    return next((kind for form, kind in _ENTRY_TYPES.items() if form.fullmatch(key)), None)


def dirty_mark(slot: str, now: int) -> tuple[str | int, ...]:
    """The owner was written: its index may lag."""
    return ("ZADD", keys.dirty(slot), now, slot)


def list_memory(owner: OwnerKeys, memory: Memory) -> Iterator[WriteCommand]:
    """A memory of a new id takes its place among the owner's, and among its session's."""
    created = packing.score(memory.created_at)
    yield ["ZADD", owner.listing, created, memory.id]
    if memory.scope.session_id:
        yield ["ZADD", owner.session(memory.scope.session_id), created, memory.id]


def put_memory(owner: OwnerKeys, memory: Memory) -> WriteCommand:
    """The last version."""
    return ["SET", owner.memory(memory.id), packing.pack_memory(memory)]


def put_earlier_memory(owner: OwnerKeys, memory: Memory) -> WriteCommand:
    """A version that is retracted."""
    retracted = packing.score(memory.retracted_at)
    return ["ZADD", owner.earlier_memories(memory.id), retracted, packing.pack_memory(memory)]


def bound(owner: OwnerKeys, memory: Memory) -> WriteCommand:
    """The last version is not open."""
    return ["ZADD", owner.bounded, packing.score(memory.valid_to), memory.id]


def unbound(owner: OwnerKeys, memory: Memory) -> WriteCommand:
    return ["ZREM", owner.bounded, memory.id]


def put_in_outbox(owner: OwnerKeys, memory: Memory) -> WriteCommand:
    """The index has to show this version."""
    return ["HSET", owner.outbox, memory.id, str(memory.version)]


def unbury(owner: OwnerKeys, memory: Memory) -> WriteCommand:
    """A memory that comes back is no longer among the erased ones."""
    return ["ZREM", owner.tombstones, memory.id]


def erase_memory(owner: OwnerKeys, memory: Memory) -> Iterator[WriteCommand]:
    """Every trace of a memory but its claim, and a tombstone and an outbox entry in its place.
    Claims may have other holders: whoever erases releases them."""
    yield ["ERASE", memory.id]
    yield ["DEL", owner.memory(memory.id), owner.earlier_memories(memory.id)]
    yield ["ZREM", owner.listing, memory.id]
    yield ["ZREM", owner.bounded, memory.id]
    if memory.scope.session_id:
        yield ["ZREM", owner.session(memory.scope.session_id), memory.id]
    yield ["HDEL", owner.successors, memory.id, *memory.supersedes]
    yield ["ZADD", owner.tombstones, packing.MICROS, memory.id]
    yield ["HSET", owner.outbox, memory.id, ERASED]


def put_edge(owner: OwnerKeys, edge: Edge) -> WriteCommand:
    """The last version."""
    return ["SET", owner.edge(edge.id), packing.pack_edge(edge)]


def put_earlier_edge(owner: OwnerKeys, edge: Edge) -> WriteCommand:
    """A version that is retracted."""
    retracted = packing.score(edge.retracted_at)
    return ["ZADD", owner.earlier_edges(edge.id), retracted, packing.pack_edge(edge)]


def put_successor(owner: OwnerKeys, edge: Edge, at: int = AT_COMMIT) -> WriteCommand:
    """The target of a SUPERSEDES edge has its source as successor, recorded at this instant."""
    return ["HSET", owner.successors, edge.target, packing.pack_successor(edge.source, at)]


def join_ends(owner: OwnerKeys, edge: Edge) -> Iterator[WriteCommand]:
    """A version takes its place at both ends: among the live edges, or the retracted ones."""
    live = edge.retracted_at is None
    order = packing.score(edge.valid_to if live else edge.retracted_at)
    for side, end, member in _ends(edge):
        yield ["ZADD", owner.key(side if live else RETRACTED[side], end), order, member]


def leave_ends(owner: OwnerKeys, edge: Edge) -> Iterator[WriteCommand]:
    """A live version leaves its place at both ends."""
    for side, end, member in _ends(edge):
        yield ["ZREM", owner.key(side, end), member]


def _ends(edge: Edge) -> Iterator[tuple[KeyKind, str, str]]:
    yield KeyKind.OUTGOING, edge.source, packing.pack_member(edge, outgoing=True)
    yield KeyKind.INCOMING, edge.target, packing.pack_member(edge, outgoing=False)


def put_claim(owner: OwnerKeys, key: DedupKey, holdings: tuple[Holding, ...]) -> WriteCommand:
    """A claim with its holders; one without any is no more."""
    if holdings:
        return ["HSET", owner.claim(key), key.field, packing.pack_holdings(holdings)]
    return ["HDEL", owner.claim(key), key.field]
