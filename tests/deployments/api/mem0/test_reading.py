"""A history shows the successor of a memory while that is there, and a memory that is gone is
none."""

from __future__ import annotations

from deployments.api.mem0.reading import get, history_of, listed, searched
from deployments.api.mem0.schemas.bodies import ListIn, SearchIn
from deployments.api.mem0.schemas.paging import Paging
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.memory import NewMemory, Scope
from memory.domain.results import Added
from memory.service.api import Memories, Service

ME = Caller(DEFAULT_PROJECT)
ALICE = Scope("alice")


async def add(memories: Memories, content: str, *supersedes: str) -> str:
    (added,) = await memories.add(
        ME, [NewMemory(content=content, scope=ALICE, supersedes=supersedes)]
    )
    assert isinstance(added, Added)
    return added.memory.id


async def test_a_history_tells_by_what_a_memory_was_superseded(service: Service) -> None:
    old = await add(service.memories, "lives in Oslo")
    new = await add(service.memories, "lives in Bergen", old)
    first, last = await history_of(service.memories, ME, old)
    assert (first["event"], first["new_memory"]) == ("ADD", "lives in Oslo")
    assert (last["event"], last["new_memory"]) == ("UPDATE", "lives in Bergen")
    await service.memories.erase(ME, new)
    assert await get(service.memories, ME, new) is None
    assert "lives in Bergen" not in repr(await history_of(service.memories, ME, old))


async def test_a_list_and_a_search_answer_the_fields_asked_for(service: Service) -> None:
    memory_id = await add(service.memories, "likes green tea")
    asked = ListIn(filters={"user_id": "alice"}, fields=["memory"])
    count, found = await listed(service.memories, ME, asked, Paging())
    assert (count, found) == (1, [{"id": memory_id, "memory": "likes green tea"}])
    query = SearchIn(query="tea", filters={"user_id": "alice"}, threshold=0)
    (hit,) = await searched(service.search, ME, query)
    assert hit["id"] == memory_id
    assert 0 < hit["score"] <= 1
