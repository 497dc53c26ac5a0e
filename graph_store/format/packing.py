"""Versions as strings: a fixed-width head that Redis can compare, then a JSON body.

head = format, created_at, recorded_at, retracted_at, valid_from, valid_to, version. Times are 17
digits, microseconds since 1970 plus 10^16, so they sort as text and never pass through a Lua
number; an open end is all nines. The commit script puts its record time where STAMP or MICROS
stands; no content can forge one, since JSON escapes control characters.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from memory.domain.clock import AT_COMMIT
from memory.domain.idempotency import Answer, Commit
from memory.domain.memory import Edge, Memory, Scope, VersionEvent
from memory.domain.transaction import Holding

FORMAT = "2"
STAMP, MICROS = "\x00", "\x01"
_SHIFT = 10**16
STAMP_WIDTH, _VERSION_WIDTH = 17, 8
_OPEN = "9" * STAMP_WIDTH
_FIRST_TIME = len(FORMAT)
_TIMES = ("created_at", "recorded_at", "retracted_at", "valid_from", "valid_to")
# Where each time of a head stands.
HEAD_TIMES = {
    name: slice(_FIRST_TIME + index * STAMP_WIDTH, _FIRST_TIME + (index + 1) * STAMP_WIDTH)
    for index, name in enumerate(_TIMES)
}
# Characters of a head, and of what comes before its version.
HEAD = _FIRST_TIME + len(_TIMES) * STAMP_WIDTH + _VERSION_WIDTH
VERSION = HEAD - _VERSION_WIDTH
_CREATED, _RECORDED, _RETRACTED, _VALID_FROM, _VALID_TO = HEAD_TIMES.values()

# Where each time of a member of an adjacency set stands: a bar follows each of them.
MEMBER_TIMES = {
    name: slice(index * (STAMP_WIDTH + 1), index * (STAMP_WIDTH + 1) + STAMP_WIDTH)
    for index, name in enumerate(("valid_from", "valid_to", "recorded_at"))
}
# Characters before the relation of a member.
MEMBER_RELATION = len(MEMBER_TIMES) * (STAMP_WIDTH + 1)


def stamp(instant: int | None) -> str:
    if instant is None:
        return _OPEN
    return STAMP if instant == AT_COMMIT else f"{instant + _SHIFT:0{STAMP_WIDTH}d}"


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
    return FORMAT + "".join(map(stamp, times)) + f"{version:0{_VERSION_WIDTH}d}"


def pack_memory(memory: Memory) -> str:
    return head(memory) + _json(
        content=memory.content,
        **memory.scope.given(),
        metadata=memory.metadata,
        categories=memory.categories,
        supersedes=memory.supersedes,
        event=memory.event.value,
        immutable=memory.immutable,
        role=memory.role,
        actor_id=memory.actor_id,
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
        event=VersionEvent(body["event"]),
        immutable=body.get("immutable", False),
        role=body.get("role"),
        actor_id=body.get("actor_id"),
        superseded_by=superseded_by,
        version=int(packed[VERSION:HEAD]),
        **_times(packed),
    )


def known(packed: str, at: int) -> bool:
    """Whether this version was the one known then; told by its head alone."""
    return packed[_RECORDED] <= stamp(at) < packed[_RETRACTED]


def pack_successor(memory_id: str, at: int) -> str:
    """Who superseded a memory, with the time at which that was recorded."""
    return stamp(at) + memory_id


def unpack_successor(text: str | None, known_at: int | None) -> str | None:
    """The successor; None if there is none, or if it was not known then."""
    if text is None or (known_at is not None and text[:STAMP_WIDTH] > stamp(known_at)):
        return None
    return text[STAMP_WIDTH:]


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


class Member(NamedTuple):
    """An edge as an adjacency set has it; `other` is the end that is far from the set's memory.
    The times are stamps. Lua takes a member apart by the same bars (lua_constants.py)."""

    valid_from: str
    valid_to: str
    recorded_at: str
    relation: str
    other: str
    edge_id: str


def pack_member(edge: Edge, outgoing: bool) -> str:
    other = edge.target if outgoing else edge.source
    member = Member(
        stamp(edge.valid_from),
        stamp(edge.valid_to),
        stamp(edge.recorded_at),
        edge.relation,
        other,
        edge.id,
    )
    return "|".join(member)


def unpack_member(text: str) -> Member:
    return Member(*text.split("|"))


def pack_holdings(holdings: tuple[Holding, ...]) -> str:
    return "".join(
        f"{holding.id} {stamp(holding.valid_from)} {stamp(holding.valid_to)}\n"
        for holding in holdings
    )


def unpack_holdings(text: str | None) -> tuple[Holding, ...]:
    rows = [line.split(" ") for line in (text or "").splitlines()]
    return tuple(Holding(row[0], unstamp(row[1]) or 0, unstamp(row[2])) for row in rows)


def pack_answer(answer: Answer) -> str:
    return _json(id=answer.id, present=answer.present, not_stored=answer.not_stored)


def unpack_commit(kept: str) -> Commit:
    """An operation's record time, and its answer if it keeps one."""
    at, _, answer = kept.partition(" ")
    if not answer:
        return Commit(int(at))
    body = orjson.loads(answer)
    not_stored = tuple(body.get("not_stored", ()))
    return Commit(int(at), Answer(body["id"], body.get("present", False), not_stored))


def _times(packed: str) -> dict[str, Any]:
    retracted, end = packed[_RETRACTED], packed[_VALID_TO]
    return {
        "created_at": int(packed[_CREATED]) - _SHIFT,
        "recorded_at": int(packed[_RECORDED]) - _SHIFT,
        "retracted_at": None if retracted == _OPEN else int(retracted) - _SHIFT,
        "valid_from": int(packed[_VALID_FROM]) - _SHIFT,
        "valid_to": None if end == _OPEN else int(end) - _SHIFT,
    }


def _json(**fields: Any) -> str:
    """What is empty is left out: a record costs memory in Redis for as long as it lives."""
    return orjson.dumps({name: value for name, value in fields.items() if value}).decode()
