"""Mem0's routes of memories: v3, the single memory, batches, and deleting by filter."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from deployments.api.mem0.changing import refuse_undone
from deployments.api.mem0.deleting import DeleteParameters, deleted, forgotten
from deployments.api.mem0.reading import history_of, listed, searched
from deployments.api.mem0.schemas import responses
from deployments.api.mem0.schemas.bodies import (
    AddIn,
    BatchDeleteIn,
    BatchUpdateIn,
    ListIn,
    SearchIn,
    UpdateIn,
    refuse_entities,
)
from deployments.api.mem0.schemas.fields import ScopeIn
from deployments.api.mem0.schemas.paging import Paged, envelope
from deployments.api.mem0.schemas.serialize import added_out, memory_out
from deployments.api.routes.dependencies import Visitor, Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json, deleted_out
from memory.service.api import Jobs, Memories, Search


class SearchV3In(ScopeIn, SearchIn):
    """Entities belong into the filters."""


class ListV3In(ScopeIn, ListIn):
    """Entities belong into the filters; page and page_size may be in the query string as well."""


def routes(memories: Memories, search: Search, jobs: Jobs) -> APIRouter:
    router = new_router("mem0")

    @router.post("/v3/memories/add", response_model=responses.Mem0AddedOut)
    async def add(body: AddIn, who: Who) -> Json:
        """Remember a conversation. PENDING if a language model reads it first: its event tells
        what came of it."""
        job = await jobs.remember(who, body.conversation())
        return Json(added_out(job, body.enable_graph))

    @router.post("/v3/memories/search", name="search", response_model=responses.ResultsOut)
    async def find(body: SearchV3In, who: Who) -> Json:
        """Find memories by meaning and by words, best first."""
        refuse_entities(body)
        return Json({"results": await searched(search, who, body)})

    @router.post("/v3/memories", response_model=responses.Mem0PageOut)
    async def page(body: ListV3In, query: Paged, who: Who, request: Request) -> Json:
        """Memories that meet the filters, newest first, a page at a time."""
        refuse_entities(body)
        paging = query.over(body)
        count, found = await listed(memories, who, body, paging)
        return Json(envelope(request, paging, count, found))

    @router.delete("/v1/memories", response_model=responses.QueuedOut)
    async def delete_all(query: Annotated[DeleteParameters, Query()], visitor: Visitor) -> Json:
        """Erase all memories that meet what is given; * is any id. All of a project takes the
        right admin, and nothing is erased if nothing is given."""
        job = await forgotten(jobs, visitor, query.wanted())
        return Json(
            {
                "message": deleted(job, "Memories deleted successfully!"),
                "event_id": job.id,
                "status": job.state.value,
            }
        )

    @router.put("/v1/batch", response_model=responses.MessageOut)
    async def update_batch(body: BatchUpdateIn, who: Who) -> Json:
        """Update up to 1,000 memories; those that are not there do not keep the others back."""
        changes = body.corrections()
        refuse_undone(changes, await memories.correct_each(who, changes))
        return Json({"message": f"Successfully updated {len(changes)} memories"})

    @router.delete("/v1/batch", response_model=responses.MessageOut)
    async def delete_batch(body: BatchDeleteIn, who: Who) -> Json:
        """Erase up to 1,000 memories; those that are not there do not keep the others back."""
        ids = [*dict.fromkeys(named.memory_id for named in body.memories)]
        refuse_undone(ids, await memories.erase_each(who, ids))
        return Json({"message": f"Successfully deleted {len(ids)} memories"})

    return router


def single_routes(memories: Memories) -> APIRouter:
    """Of paths that are ours as well; callers reach them by /v1/memories too (dialect.py)."""
    router = new_router("mem0", prefix="/mem0/v1/memories")

    @router.get("/{memory_id}", response_model=responses.Mem0MemoryOut)
    async def read(memory_id: str, who: Who) -> Json:
        """A memory, expired or not."""
        return Json(memory_out(await memories.get(who, memory_id)))

    @router.put("/{memory_id}", response_model=responses.Mem0MemoryOut)
    async def update(memory_id: str, body: UpdateIn, who: Who) -> Json:
        """Correct a memory; the whole of it is answered."""
        return Json(memory_out(await memories.correct(who, memory_id, body.correction())))

    @router.delete("/{memory_id}", response_model=responses.ErasedOut)
    async def erase(memory_id: str, who: Who, delete_linked: bool = False) -> Json:
        """Erase a memory; with delete_linked also those it superseded, and those they did."""
        linked = None
        if delete_linked:
            at, linked = await memories.erase_line(who, memory_id)
        else:
            at = await memories.erase(who, memory_id)
        cascade = {} if linked is None else {"cascade_count": linked}
        said = {"message": "Memory deleted successfully!"}
        return Json({**deleted_out("Memory", memory_id, at), **said, **cascade})

    @router.get("/{memory_id}/history", response_model=list[responses.HistoryRowOut])
    async def history(memory_id: str, who: Who) -> Json:
        """What changed a memory, oldest first."""
        return Json(await history_of(memories, who, memory_id))

    return router
