"""Reads versions of memories and edges: those known at an instant, or all of them.

The last version is a string of its own; those before it lie in a sorted set by the time of their
retraction, so the first one retracted after an instant is the one known then. An owner's
successors carry the time they were recorded, so that the past does not tell of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from graph_store.format import packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command, Connection
from graph_store.redis.scripts import inline
from memory.domain.memory import Edge, Memory

_EARLIER = inline("""#!lua flags=no-writes
-- Of each set what was retracted first after an instant: in one answer; a pipeline has many.
local found = {}
for index, key in ipairs(KEYS) do
  found[index] = redis.call('ZRANGE', key, ARGV[1], '+inf', 'BYSCORE', 'LIMIT', 0, 1)
end
return found""")

_WHOLE = inline("""#!lua flags=no-writes
-- KEYS: of each thing its last version and the set of those before it.
local found = {}
for index = 1, #KEYS, 2 do
  found[#found + 1] = {
    redis.call('GET', KEYS[index]) or '', redis.call('ZRANGE', KEYS[index + 1], 0, -1)}
end
return found""")

Answers = Iterator[Sequence[Any]]


def memory_commands(
    owner: OwnerKeys, memory_ids: Sequence[str], known_at: int | None = None
) -> list[Command]:
    """For at least one memory of an owner; `take_memories` reads the answers."""
    return [
        ("MGET", *map(owner.memory, memory_ids)),
        ("HMGET", owner.successors, *memory_ids),
        *_earlier(map(owner.earlier_memories, memory_ids), known_at),
    ]


def take_memories(
    memory_ids: Sequence[str], answers: Answers, known_at: int | None = None
) -> dict[str, Memory]:
    """The versions known then by id; takes as many answers as there were commands."""
    last, successors = next(answers), next(answers)
    found = {}
    for memory_id, packed, successor in zip(
        memory_ids, _known(last, answers, known_at), successors, strict=True
    ):
        if packed is not None:
            successor_id = packing.unpack_successor(successor, known_at)
            found[memory_id] = packing.unpack_memory(memory_id, packed, successor_id)
    return found


def edge_commands(
    owner: OwnerKeys, edge_ids: Sequence[str], known_at: int | None = None
) -> list[Command]:
    """For at least one edge of an owner; `take_edges` reads the answers."""
    return [
        ("MGET", *map(owner.edge, edge_ids)),
        *_earlier(map(owner.earlier_edges, edge_ids), known_at),
    ]


def take_edges(
    edge_ids: Sequence[str], answers: Answers, known_at: int | None = None
) -> dict[str, Edge]:
    versions = _known(next(answers), answers, known_at)
    return {
        edge_id: packing.unpack_edge(edge_id, packed)
        for edge_id, packed in zip(edge_ids, versions, strict=True)
        if packed is not None
    }


async def whole_memories(
    redis: Connection, owner: OwnerKeys, memory_ids: Sequence[str]
) -> dict[str, tuple[Memory, ...]]:
    """Every version of the memories that are there, oldest first, as of one instant."""
    places = [
        (owner.memory(memory_id), owner.earlier_memories(memory_id)) for memory_id in memory_ids
    ]
    return {
        memory_id: tuple(packing.unpack_memory(memory_id, text) for text in texts)
        for memory_id, texts in (await _whole(redis, memory_ids, places)).items()
    }


async def whole_edges(
    redis: Connection, owner: OwnerKeys, edge_ids: Sequence[str]
) -> dict[str, tuple[Edge, ...]]:
    """Every version of the edges that are there, oldest first, as of one instant."""
    places = [(owner.edge(edge_id), owner.earlier_edges(edge_id)) for edge_id in edge_ids]
    return {
        edge_id: tuple(packing.unpack_edge(edge_id, text) for text in texts)
        for edge_id, texts in (await _whole(redis, edge_ids, places)).items()
    }


async def _whole(
    redis: Connection, ids: Sequence[str], places: Sequence[tuple[str, str]]
) -> dict[str, list[str]]:
    if not ids:
        return {}
    rows = await redis.one(*_WHOLE.call([key for pair in places for key in pair]))
    return {
        thing_id: [*earlier, last]
        for thing_id, (last, earlier) in zip(ids, rows, strict=True)
        if last
    }


def _earlier(sets: Iterator[str], known_at: int | None) -> Iterator[Command]:
    """Of each set the one version that was known then, if it is not the last."""
    if known_at is not None:
        yield _EARLIER.call([*sets], f"({known_at}")


def _known(
    last: Sequence[str | None], answers: Answers, known_at: int | None
) -> Sequence[str | None]:
    """Of each the version known then, or None."""
    if known_at is None:
        return last
    return [
        next((text for text in (*earlier, packed) if text and packing.known(text, known_at)), None)
        for packed, earlier in zip(last, next(answers), strict=True)
    ]
