"""An owner with memories and edges of every kind, and how it is read out."""

from __future__ import annotations

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import Refused
from memory.domain.memory import UNSET, Correction, NewEdge, NewMemory, Scope
from memory.domain.records import Record
from memory.service.build import MemoryService

ME = Caller(DEFAULT_PROJECT)
ALICE, BOB = Scope(user_id="alice"), Scope(user_id="bob")


async def add(service: MemoryService, content: str, scope: Scope = ALICE, **fields: object) -> str:
    (added,) = await service.memories.add(ME, [NewMemory(content=content, scope=scope, **fields)])
    assert not isinstance(added, Refused), added
    return added.memory.id


async def exported(
    service: MemoryService, scope: Scope = ALICE, caller: Caller = ME, **at: int
) -> list[Record]:
    page = await service.transfer.export(caller, scope, **at)
    records = [*page.records]
    while page.following:
        page = await service.transfer.export(caller, scope, page.following)
        records += page.records
    return records


async def town(service: MemoryService) -> dict[str, str]:
    """A memory that was superseded and corrected, with edges of every kind."""
    old = await add(service, "lives in Oslo", Scope("alice", session_id="s"), dedup=False)
    new = await add(service, "lives in Bergen", Scope("alice", session_id="s"), supersedes=(old,))
    tea = await add(service, "drinks tea", Scope("alice", "bot"), metadata={"b": [1, True], "a": 2})
    await service.memories.correct(ME, old, Correction(content="lived in Oslo"))
    amended, _ = await service.graph.relate(ME, NewEdge(source=new, target=tea, relation="KNOWS"))
    await service.graph.amend_edge(ME, new, amended.id, UNSET, {"n": 1})
    gone, _ = await service.graph.relate(ME, NewEdge(source=tea, target=old, relation="KNOWS"))
    await service.graph.retract_edge(ME, tea, gone.id)
    return {"old": old, "new": new, "tea": tea, "amended": amended.id, "gone": gone.id}
