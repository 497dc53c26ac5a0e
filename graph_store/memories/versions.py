"""Reads memories and edges as they were known at an instant, within one round trip.

The last version is a string of its own; those before it lie in a sorted set by the time of their
retraction, so the first one retracted after an instant is the one known then. An owner's
successors carry the time they were recorded, so that the past does not tell of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from graph_store.format import packing
from graph_store.format.keys import OwnerKeys
from graph_store.redis.connection import Command
from memory.domain.memory import Edge, Memory

_EARLIER = """#!lua flags=no-writes
-- Of each set what was retracted first after an instant: one answer, where a pipeline has many.
local found = {}
for index, key in ipairs(KEYS) do
  found[index] = redis.call('ZRANGE', key, ARGV[1], '+inf', 'BYSCORE', 'LIMIT', 0, 1)
end
return found"""
Answers = Iterator[Sequence[Any]]


def memory_commands(
    owner: OwnerKeys, memory_ids: Sequence[str], known_at: int | None = None
) -> list[Command]:
    """For at least one memory of an owner; `take_memories` reads the answers."""
    return [
        ("MGET", *map(owner.memory, memory_ids)),
        ("HMGET", owner.key("sb"), *memory_ids),
        *_earlier(owner, "mv", memory_ids, known_at),
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
        *_earlier(owner, "ev", edge_ids, known_at),
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


def _earlier(
    owner: OwnerKeys, kind: str, ids: Sequence[str], known_at: int | None
) -> Iterator[Command]:
    """Of each set the one version that was known then, if it is not the last."""
    if known_at is not None:
        keys = [owner.key(kind, each) for each in ids]
        yield ("EVAL", _EARLIER, len(keys), *keys, f"({known_at}")


def _known(
    last: Sequence[str | None], answers: Answers, known_at: int | None
) -> Sequence[str | None]:
    """Of each the version known then, or None."""
    if known_at is None:
        return last
    return [
        next((each for each in (*earlier, packed) if each and packing.known(each, known_at)), None)
        for packed, earlier in zip(last, next(answers), strict=True)
    ]
