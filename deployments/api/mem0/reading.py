"""Lists, searches and histories: what is done is the same in every form of these calls."""

from __future__ import annotations

from deployments.api.mem0.schemas.bodies import BY_FILTERS, ListIn, SearchIn
from deployments.api.mem0.schemas.paging import Paging
from deployments.api.mem0.schemas.responses import HistoryRowOut
from deployments.api.mem0.schemas.serialize import (
    Body,
    found_out,
    history_out,
    memory_out,
    projected,
    successors,
)
from memory.domain.caller import Caller
from memory.domain.errors import NotFound
from memory.domain.memory import Memory, Scope
from memory.service.api import Memories, Search


async def searched(
    search: Search, caller: Caller, body: SearchIn, scope: Scope = BY_FILTERS
) -> list[Body]:
    found = await search.find(caller, body.query_in(scope))
    return projected(map(found_out, found), body.fields)


async def listed(
    memories: Memories, caller: Caller, body: ListIn, paging: Paging, scope: Scope = BY_FILTERS
) -> tuple[int, list[Body]]:
    """How many there are in all, and those of the page."""
    selected = await memories.select(caller, body.selection(paging, scope))
    return selected.count, projected(map(memory_out, selected.memories), body.fields)


async def history_of(memories: Memories, caller: Caller, memory_id: str) -> list[HistoryRowOut]:
    versions = await memories.history(caller, memory_id)
    following = [await get(memories, caller, memory_id) for memory_id in successors(versions)]
    return history_out(versions, [memory for memory in following if memory])


async def get(memories: Memories, caller: Caller, memory_id: str) -> Memory | None:
    """None for one that is not there, or not any more."""
    try:
        return await memories.get(caller, memory_id)
    except NotFound:
        return None
