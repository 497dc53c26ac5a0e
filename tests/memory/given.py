"""Memories that tests begin with: stored ones, and some that only look like it."""

from __future__ import annotations

from typing import Any

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.ids import Project, mint
from memory.domain.memory import Memory, NewEdge, NewMemory, Scope
from memory.domain.results import Added
from memory.service.build import MemoryService

DEFAULT = Caller(DEFAULT_PROJECT)
ALICE, BOB = Scope(user_id="alice"), Scope(user_id="bob")
PROJECT = Project("proj_1", b"a secret")


async def stored(
    service: MemoryService, content: str, scope: Scope = ALICE, **fields: Any
) -> Memory:
    draft = NewMemory(content=content, scope=scope, **fields)
    (answer,) = await service.memories.add(DEFAULT, [draft])
    assert isinstance(answer, Added), answer
    return answer.memory


async def related(service: MemoryService, source: Memory, target: Memory, relation: str) -> str:
    """The id of a new edge."""
    edge = NewEdge(source=source.id, target=target.id, relation=relation)
    made, _ = await service.graph.relate(DEFAULT, edge)
    return made.id


def memory(content: str = "likes tea", scope: Scope = ALICE, **fields: Any) -> Memory:
    """A memory that is in no store, of PROJECT and known since the instant 10."""
    memory_id = mint("mem", PROJECT.owner_hash(scope.owner))
    known = {"id": memory_id, "valid_from": 10, "recorded_at": 10, "created_at": 10}
    return Memory(content=content, scope=scope, **{**known, **fields})
