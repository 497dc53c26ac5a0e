"""What the two clocks allow: intervals, supersession, corrections. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from memory.domain import dedup
from memory.domain.clock import AT_COMMIT, format_instant
from memory.domain.errors import (
    Conflict,
    Immutable,
    InvalidInput,
    NotFound,
    SupersedeConflict,
    VersionMismatch,
)
from memory.domain.ids import sibling
from memory.domain.memory import (
    RESERVED_RELATIONS,
    SUPERSEDES,
    UNSET,
    Correction,
    Edge,
    Memory,
    NewEdge,
    NewMemory,
    Unset,
    VersionEvent,
)
from memory.domain.transaction import Briefing, DedupKey, Holding, PutEdge, PutMemory, Transaction


def check_interval(valid_from: int, valid_to: int | None) -> None:
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput(
            f"valid_to ({format_instant(valid_to)}) must be later than "
            f"valid_from ({format_instant(valid_from)})"
        )


def stands_on(draft: NewMemory, briefing: Briefing) -> set[DedupKey]:
    """Keys of the dedup claims that the plan for a draft reads: the claim of its content, and the
    claims of the memories that it supersedes."""
    standings = map(briefing.standings.get, draft.supersedes)
    keys = {dedup.key_of(standing.memory) for standing in standings if standing}
    return keys | {dedup.key_of(draft)} if draft.dedup else keys


def holder(draft: NewMemory, briefing: Briefing) -> str | None:
    """Id of a memory that stands for the draft, or None.

    It has the same content in an overlapping interval. A memory that has not begun must not stand
    for a draft that begins before it: nothing would be found until then.
    """
    begin = briefing.now if draft.valid_from is None else draft.valid_from
    check_interval(begin, draft.valid_to)
    if not draft.dedup or draft.supersedes:
        return None
    for holding in briefing.claims[dedup.key_of(draft)]:
        waits = holding.valid_from > max(begin, briefing.now)
        if holding.overlaps(begin, draft.valid_to) and not waits:
            return holding.id
    return None


def not_stored(draft: NewMemory, memory: Memory) -> tuple[str, ...]:
    """Names of the draft's fields that the memory standing for it does not hold."""
    held = {
        "content": draft.content == memory.content,
        "metadata": not draft.metadata or _same_json(draft.metadata, memory.metadata),
        "categories": not draft.categories or draft.categories == memory.categories,
        "valid_from": draft.valid_from in (None, memory.valid_from),
        "valid_to": draft.valid_to == memory.valid_to,
        "immutable": draft.immutable == memory.immutable,
        "role": draft.role in (None, memory.role),
        "actor_id": draft.actor_id in (None, memory.actor_id),
    }
    return tuple(name for name, same in held.items() if not same)


def addition(draft: NewMemory, memory_id: str, slot: str, briefing: Briefing) -> Transaction:
    """The transaction that stores a draft. What the draft supersedes ends at the instant at which
    the draft begins."""
    begin = briefing.now + 1 if draft.valid_from is None else draft.valid_from
    check_interval(begin, draft.valid_to)
    memory = Memory(
        id=memory_id,
        content=draft.content,
        scope=draft.scope,
        metadata=draft.metadata,
        categories=draft.categories,
        supersedes=draft.supersedes,
        immutable=draft.immutable,
        role=draft.role,
        actor_id=draft.actor_id,
        valid_from=AT_COMMIT if draft.valid_from is None else draft.valid_from,
        valid_to=draft.valid_to,
    )
    writes: list[PutMemory | PutEdge] = [PutMemory(memory)]
    held = dict(briefing.claims)
    ahead = [draft.valid_to] if draft.valid_from is None else []
    for old_id in draft.supersedes:
        old = _superseded(old_id, begin, briefing)
        ended = _ended(old, memory.valid_from, begin)
        if ended.valid_to == AT_COMMIT:
            ahead.append(old.valid_to)
        writes.append(PutMemory(ended, previous=old))
        writes.append(PutEdge(_supersedes_edge(memory, old_id)))
        key = dedup.key_of(old)
        if any(holding.id == old_id for holding in held[key]):
            held[key] = dedup.taken(held[key], ended)
    if draft.dedup:
        key = dedup.key_of(draft)
        held[key] = dedup.taken(held[key], memory)
    before = min((end for end in ahead if end is not None), default=None)
    dedup_claims = dedup.changes(briefing.claims, held)
    return Transaction(slot, briefing.now, writes, dedup_claims, before)


def _superseded(old_id: str, begin: int, briefing: Briefing) -> Memory:
    standing = briefing.standings.get(old_id)
    if standing is None:
        raise NotFound(f"no memory {old_id[:60]!r} to supersede")
    old = standing.memory
    if old.immutable:
        raise Immutable(f"{old_id} is immutable; erase it to say otherwise")
    if old.superseded_by is not None:
        raise SupersedeConflict(f"{old_id} is already superseded by {old.superseded_by}")
    if begin <= old.valid_from:
        raise SupersedeConflict(
            f"{old_id} begins at {format_instant(old.valid_from)}, its successor must begin later"
        )
    return old


def _ended(old: Memory, valid_from: int, begin: int) -> Memory:
    end = valid_from if old.valid_to is None or begin < old.valid_to else old.valid_to
    return replace(
        old,
        valid_to=end,
        recorded_at=AT_COMMIT,
        version=old.version + 1,
        event=VersionEvent.SUPERSEDE,
        superseded_by=None,
    )


def _supersedes_edge(memory: Memory, old_id: str) -> Edge:
    return Edge(
        id=sibling("rel", memory.id),
        source=memory.id,
        target=old_id,
        relation=SUPERSEDES,
        valid_from=memory.valid_from,
    )


def corrected(last: Memory, correction: Correction, kin: Mapping[str, Memory]) -> Memory | None:
    """The next version of a memory. What the caller left out stays. None if nothing would change.

    `kin` holds the memory's successor and the memories that it supersedes, by id. Raises
    VersionMismatch, Immutable, SupersedeConflict, and InvalidInput for an interval that is empty.
    """
    if correction.if_version not in (None, last.version):
        raise VersionMismatch(
            f"{last.id} is at version {last.version}, not {correction.if_version}"
        )
    fresh = replace(
        last,
        content=_given(correction.content, last.content),
        metadata=_merged(last, correction),
        categories=_given(correction.categories, last.categories),
        valid_from=_given(correction.valid_from, last.valid_from),
        valid_to=_given(correction.valid_to, last.valid_to),
        recorded_at=AT_COMMIT,
        version=last.version + 1,
        event=VersionEvent.UPDATE,
    )
    same = replace(fresh, recorded_at=last.recorded_at, version=last.version, event=last.event)
    if _same(same, last):
        return None
    if last.immutable:
        raise Immutable(f"{last.id} is immutable; erase it to say otherwise")
    check_interval(fresh.valid_from, fresh.valid_to)
    successor = kin.get(last.superseded_by or "")
    if successor and (fresh.valid_to is None or fresh.valid_to > successor.valid_from):
        raise SupersedeConflict(
            f"{last.id} is superseded by {successor.id} from "
            f"{format_instant(successor.valid_from)}; it cannot be valid for longer"
        )
    for old in filter(None, map(kin.get, last.supersedes)):
        end = old.valid_from + 1 if old.valid_to is None else old.valid_to
        if fresh.valid_from < end:
            raise SupersedeConflict(
                f"{last.id} supersedes {old.id}, which was valid until {format_instant(end)}; "
                "it cannot begin before that"
            )
    return fresh


def _merged(last: Memory, correction: Correction) -> dict[str, Any]:
    if isinstance(correction.metadata, Unset):
        return dict(last.metadata)
    removed = {key for key, value in correction.metadata.items() if value is None}
    merged = {**last.metadata, **correction.metadata}
    return {key: value for key, value in merged.items() if key not in removed}


def moved(edge: Edge, fresh: Memory) -> Edge:
    """The next version of a SUPERSEDES edge, if a correction moved the beginning of its source:
    the edge begins when its source does."""
    return replace(edge, valid_from=fresh.valid_from, recorded_at=AT_COMMIT)


def check_edge(edge: NewEdge) -> None:
    if edge.relation in RESERVED_RELATIONS:
        raise InvalidInput(f"{edge.relation} is reserved: the service makes these edges itself")
    if edge.target == edge.source:
        raise InvalidInput("a memory cannot be related to itself")


def _given(value: Any, otherwise: Any) -> Any:
    return otherwise if value is UNSET else value


def _same(one: Memory | Edge, other: Memory | Edge) -> bool:
    return one == other and _same_json(one.metadata, other.metadata)


def _same_json(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """In Python True equals 1, in JSON it does not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def same_edge(wanted: NewEdge, held: tuple[Holding, ...], now: int) -> str | None:
    """Id of an edge that stands for the wanted one already, or None.

    It has the same interval. If the caller names no beginning, it is valid now and has the same
    end.
    """
    for holding in held:
        if holding.valid_to != wanted.valid_to:
            continue
        if holding.valid_from == wanted.valid_from or (
            wanted.valid_from is None and holding.covers(now, wanted.valid_to)
        ):
            return holding.id
    return None


def amended(last: Edge, valid_to: int | Unset | None, metadata: Any) -> Edge | None:
    """The next version of an edge. None if nothing would change. Raises Conflict for a SUPERSEDES
    edge, whose end follows from its memories, and InvalidInput for an interval that is empty."""
    if last.relation == SUPERSEDES:
        raise Conflict(f"{last.id} follows from supersedes; correct the memories instead")
    fresh = replace(
        last,
        valid_to=_given(valid_to, last.valid_to),
        metadata=_given(metadata, last.metadata),
        recorded_at=AT_COMMIT,
    )
    same = replace(fresh, recorded_at=last.recorded_at)
    if _same(same, last):
        return None
    check_interval(fresh.valid_from, fresh.valid_to)
    return fresh
