"""Dedup claims: one owner, agent, app and session holds the same content only once at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from memory.domain.memory import Edge, Memory, NewEdge, NewMemory, Scope
from memory.domain.stemming import normalised
from memory.domain.transaction import DedupClaim, DedupKey, Holding, holding

Held = Mapping[DedupKey, tuple[Holding, ...]]


def content_key(content: str, scope: Scope) -> DedupKey:
    """The dedup claim of a content. Case, punctuation and white space make no difference."""
    parts = (normalised(content), scope.agent_id, scope.app_id, scope.session_id)
    text = "\x00".join(part or "" for part in parts)
    return DedupKey("content", hashlib.blake2b(text.encode(), digest_size=12).hexdigest())


def key_of(memory: NewMemory | Memory) -> DedupKey:
    return content_key(memory.content, memory.scope)


def edge_key(edge: NewEdge | Edge) -> DedupKey:
    return DedupKey(edge.source, f"{edge.relation}|{edge.target}")


def taken(held: tuple[Holding, ...], new: Memory | Edge) -> tuple[Holding, ...]:
    """The holders of a claim after `new` takes it. If `new` held it before, its interval is
    replaced."""
    return (*released(held, new.id), holding(new))


def moved(held: Held, last: Memory, fresh: Memory) -> Held:
    """The claims after a correction of a memory from `last` to `fresh`. A memory that was stored
    without dedup holds no claim, and takes none."""
    old, new = key_of(last), key_of(fresh)
    if all(holder.id != last.id for holder in held[old]):
        return held
    rest = {**held, old: released(held[old], last.id)}
    return {**rest, new: taken(rest[new], fresh)}


def released(held: tuple[Holding, ...], holder_id: str) -> tuple[Holding, ...]:
    """The holders of a claim after one gives it up."""
    return tuple(holder for holder in held if holder.id != holder_id)


def changes(before: Held, after: Held) -> list[DedupClaim]:
    """Compare-and-set of the claims that differ. Other writers may change the claims that stay as
    they are."""
    return [DedupClaim(key, was, after[key]) for key, was in before.items() if after[key] != was]
