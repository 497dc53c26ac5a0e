"""Versions as strings: a fixed-width head that Redis can compare, then a JSON body.

head = format, created_at, recorded_at, retracted_at, valid_from, valid_to, version. Times are 17
digits, microseconds since 1970 plus 10^16, so they sort as text and never pass through a Lua
number; an open end is all nines. The commit script puts its record time where STAMP or MICROS
stands; no content can forge one, since JSON escapes control characters.
"""

from __future__ import annotations

from typing import Any

import orjson

from memory.clock import AT_COMMIT
from memory.model import Edge, Event, Memory, Scope
from memory.ports import Adjacent
from memory.transaction import Holding

FORMAT = "1"
STAMP, MICROS = "\x00", "\x01"
_OPEN = "9" * 17
_SHIFT = 10**16
_TIMES = 5
HEAD = 1 + 17 * _TIMES + 8
"""Characters of a head."""


def stamp(instant: int | None) -> str:
    if instant is None:
        return _OPEN
    return STAMP if instant == AT_COMMIT else f"{instant + _SHIFT:017d}"


def unstamp(text: str) -> int | None:
    return None if text == _OPEN else int(text) - _SHIFT


def score(instant: int | None) -> str:
    """A sorted set's score: microseconds, exact in a double until the year 2255."""
    if instant is None:
        return "+inf"
    return MICROS if instant == AT_COMMIT else str(instant)


def head(thing: Memory | Edge) -> str:
    times = (
        thing.created_at,
        thing.recorded_at,
        thing.retracted_at,
        thing.valid_from,
        thing.valid_to,
    )
    version = thing.version if isinstance(thing, Memory) else 0
    return FORMAT + "".join(map(stamp, times)) + f"{version:08d}"


def pack_memory(memory: Memory) -> str:
    return head(memory) + _json(
        content=memory.content,
        **memory.scope.given(),
        metadata=memory.metadata,
        categories=memory.categories,
        supersedes=memory.supersedes,
        event=memory.event.value,
    )


def unpack_memory(memory_id: str, packed: str, superseded_by: str | None = None) -> Memory:
    body = orjson.loads(packed[HEAD:])
    return Memory(
        id=memory_id,
        content=body["content"],
        scope=Scope(
            body.get("user_id"), body.get("agent_id"), body.get("app_id"), body.get("session_id")
        ),
        metadata=body.get("metadata", {}),
        categories=tuple(body.get("categories", ())),
        supersedes=tuple(body.get("supersedes", ())),
        event=Event(body["event"]),
        superseded_by=superseded_by,
        version=int(packed[HEAD - 8 : HEAD]),
        **_times(packed),
    )


def pack_edge(edge: Edge) -> str:
    return head(edge) + _json(
        source=edge.source, target=edge.target, relation=edge.relation, metadata=edge.metadata
    )


def unpack_edge(edge_id: str, packed: str) -> Edge:
    body = orjson.loads(packed[HEAD:])
    return Edge(
        id=edge_id,
        source=body["source"],
        target=body["target"],
        relation=body["relation"],
        metadata=body.get("metadata", {}),
        **_times(packed),
    )


def member(edge: Edge, outgoing: bool) -> str:
    """The edge in an adjacency set; commit.lua's erase takes it apart by the same bars."""
    times = (edge.valid_from, edge.valid_to, edge.recorded_at)
    other = edge.target if outgoing else edge.source
    return "|".join((*map(stamp, times), edge.relation, other, edge.id))


def unpack_member(text: str, outgoing: bool) -> Adjacent:
    valid_from, valid_to, _, relation, other, edge_id = text.split("|")
    return Adjacent(edge_id, relation, other, outgoing, unstamp(valid_from) or 0, unstamp(valid_to))


def pack_holdings(holdings: tuple[Holding, ...]) -> str:
    return "".join(
        f"{each.id} {stamp(each.valid_from)} {stamp(each.valid_to)}\n" for each in holdings
    )


def unpack_holdings(text: str | None) -> tuple[Holding, ...]:
    rows = [line.split(" ") for line in (text or "").splitlines()]
    return tuple(Holding(row[0], unstamp(row[1]) or 0, unstamp(row[2])) for row in rows)


def _times(packed: str) -> dict[str, Any]:
    created, recorded, retracted, begin, end = (
        unstamp(packed[1 + 17 * index : 18 + 17 * index]) for index in range(_TIMES)
    )
    return {
        "created_at": created,
        "recorded_at": recorded,
        "retracted_at": retracted,
        "valid_from": begin,
        "valid_to": end,
    }


def _json(**fields: Any) -> str:
    """What is empty is left out: a record costs memory in Redis for as long as it lives."""
    return orjson.dumps({name: value for name, value in fields.items() if value}).decode()
