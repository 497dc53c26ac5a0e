"""Dedup: the same content may be held once at a time by an owner, agent, app and session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from memory.domain.memory import Edge, Memory, NewEdge, NewMemory, Scope
from memory.domain.stemming import normalised
from memory.domain.transaction import DedupClaim, DedupKey, Holding, holding

Held = Mapping[DedupKey, tuple[Holding, ...]]


def content_key(content: str, scope: Scope) -> DedupKey:
    """Case, punctuation and white space do not make a content another one."""
    parts = (normalised(content), scope.agent_id, scope.app_id, scope.session_id)
    text = "\x00".join(part or "" for part in parts)
    return DedupKey("content", hashlib.blake2b(text.encode(), digest_size=12).hexdigest())


def key_of(thing: NewMemory | Memory) -> DedupKey:
    return content_key(thing.content, thing.scope)


def edge_key(edge: NewEdge | Edge) -> DedupKey:
    return DedupKey(edge.source, f"{edge.relation}|{edge.target}")


def taken(held: tuple[Holding, ...], new: Memory | Edge) -> tuple[Holding, ...]:
    """Holders once `new` holds it too, or anew with another interval."""
    return (*released(held, new.id), holding(new))


def moved(held: Held, last: Memory, fresh: Memory) -> Held:
    """Claims once a correction took a memory from `last` to `fresh`; one that held none, because
    it was stored without dedup, takes none."""
    old, new = key_of(last), key_of(fresh)
    if all(each.id != last.id for each in held[old]):
        return held
    rest = {**held, old: released(held[old], last.id)}
    return {**rest, new: taken(rest[new], fresh)}


def released(held: tuple[Holding, ...], thing_id: str) -> tuple[Holding, ...]:
    return tuple(each for each in held if each.id != thing_id)


def changes(before: Held, after: Held) -> list[DedupClaim]:
    """Compare-and-set of what differs; claims that stay as they are may move under the writer."""
    return [DedupClaim(key, was, after[key]) for key, was in before.items() if after[key] != was]
