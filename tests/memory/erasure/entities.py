"""Entities to be erased: what there is of them, and what an erasure leaves."""

from __future__ import annotations

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.erasures import Counts, Inspection
from memory.domain.memory import Memory, NewEdge, NewMemory, Scope
from memory.domain.results import Added
from memory.service.build import MemoryService

DEFAULT = Caller(DEFAULT_PROJECT)
ALICE, BOB, HELPER = Scope(user_id="alice"), Scope(user_id="bob"), Scope(agent_id="helper")
HERS = {"user_id": "alice", "agent_id": "helper", "app_id": "desk"}


async def add(service: MemoryService, *contents: str, **scope: str) -> list[Memory]:
    drafts = [NewMemory(content=each, scope=Scope(**scope)) for each in contents]
    added = await service.memories.add(DEFAULT, drafts)
    return [each.memory for each in added if isinstance(each, Added)]


def knows(source: Memory, target: Memory) -> NewEdge:
    return NewEdge(source=source.id, target=target.id, relation="KNOWS")


async def left(service: MemoryService, **scope: str) -> list[str]:
    page = await service.memories.page(DEFAULT, Scope(**scope), 1000, None, newest=False)
    return [each.content for each in page.memories]


async def counts_of(service: MemoryService, scope: Scope, caller: Caller = DEFAULT) -> Counts:
    """Erase it; how much that was. Nothing of it remains."""
    found = await erased(service, scope, caller)
    assert found.remaining == Counts()
    return removed(found)


async def erased(service: MemoryService, scope: Scope, caller: Caller = DEFAULT) -> Inspection:
    erasure = await service.erasures.erase(caller, scope)
    await service.care.erased()
    return await service.erasures.get(DEFAULT, erasure.id)


def removed(found: Inspection) -> Counts:
    assert found.signature_valid
    assert found.erasure.receipt is not None
    return Counts(**found.erasure.receipt["counts"])
