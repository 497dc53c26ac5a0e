"""The routes of Mem0's open source server, which none of its clients speak: no versions in the
paths, and answers at once. Its accounts and keys are not here: keys are made by POST /v1/keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from access.door import require
from access.model import Demand, Right
from deployments.api.mem0.deleting import EVERYBODY, DeleteParameters, deleted, forgotten
from deployments.api.mem0.reading import get, history_of, listed, searched
from deployments.api.mem0.routes.entities import one_named
from deployments.api.mem0.schemas import responses
from deployments.api.mem0.schemas.bodies import AddIn, Instructions, ListIn, SearchIn, UpdateIn
from deployments.api.mem0.schemas.fields import ScopeIn
from deployments.api.mem0.schemas.paging import MAX_PAGE, Paging
from deployments.api.mem0.schemas.serialize import (
    Body,
    memory_out,
    outcome_out,
    projected,
    relation_out,
)
from deployments.api.mem0.waiting import ended
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor, Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.domain.clock import format_instant
from memory.domain.jobs import JobKind
from memory.domain.selections import Entity
from memory.query import filter_parser
from memory.service.api import Jobs, Memories, Search

Kind = Literal["user", "agent", "app", "run"]


class AddOssIn(AddIn):
    prompt: Instructions | None = None


class SearchOssIn(ScopeIn, SearchIn):
    """Entities may stand beside the filters, and other keys in these are metadata's."""

    top_k: Annotated[int, Field(ge=1, le=1_000)] = 20
    explain: bool = False


class ListParameters(ScopeIn):
    """Without an entity the whole project, which takes the right admin."""

    top_k: Annotated[int, Field(ge=0, le=MAX_PAGE)] = MAX_PAGE
    show_expired: bool = False


def routes(memories: Memories, search: Search, jobs: Jobs, within_s: float) -> APIRouter:
    """An add waits so long for what comes of it."""
    router = new_router("mem0")

    @router.post("/memories", response_model=responses.OssAddedOut)
    async def add(body: AddOssIn, who: Who) -> Json:
        """Remember a conversation; answers once that is done."""
        if body.prompt is not None and body.custom_instructions is None:
            body = body.model_copy(update={"custom_instructions": body.prompt})
        begun = await jobs.remember(who, body.conversation())
        job = await ended(jobs, who, begun, within_s)
        out: responses.OssAddedOut = {
            "results": [*map(outcome_out, job.outcomes)],
            "status": job.state.value,
            "event_id": job.id,
        }
        if body.enable_graph:
            out["relations"] = [*map(relation_out, job.relations)]
        return Json(out)

    @router.get("/memories", response_model=responses.ResultsOut)
    async def page(query: Annotated[ListParameters, Query()], who: Who, visitor: Visitor) -> Json:
        """Memories of an entity, newest first."""
        scope = query.scope()
        if not scope.given():
            require(visitor, Demand(Right.ADMIN, writes=False))
        if not query.top_k:
            return Json({"results": []})
        wanted = ListIn(
            filters=None if scope.given() else dict(EVERYBODY), show_expired=query.show_expired
        )
        _, found = await listed(memories, who, wanted, Paging(page_size=query.top_k), scope)
        return Json({"results": found})

    @router.delete("/memories", response_model=responses.MessageOut)
    async def delete_all(query: Annotated[DeleteParameters, Query()], visitor: Visitor) -> Json:
        """Erase all memories of an entity."""
        job = await forgotten(jobs, visitor, query.wanted())
        return Json({"message": deleted(job, "All relevant memories deleted")})

    @router.get("/memories/{memory_id}", response_model=responses.Mem0MemoryOut | None)
    async def read(memory_id: str, who: Who) -> Json:
        """A memory, or null."""
        found = await get(memories, who, memory_id)
        return Json(None if found is None else memory_out(found))

    @router.put("/memories/{memory_id}", response_model=responses.MessageOut)
    async def update(memory_id: str, body: UpdateIn, who: Who) -> Json:
        """Correct a memory."""
        await memories.correct(who, memory_id, body.correction())
        return Json({"message": "Memory updated successfully!"})

    @router.delete("/memories/{memory_id}", response_model=responses.MessageOut)
    async def erase(memory_id: str, who: Who) -> Json:
        """Erase a memory."""
        await memories.erase(who, memory_id)
        return Json({"message": "Memory deleted successfully"})

    @router.get("/memories/{memory_id}/history", response_model=list[responses.HistoryRowOut])
    async def history(memory_id: str, who: Who) -> Json:
        """What changed a memory, oldest first."""
        return Json(await history_of(memories, who, memory_id))

    @router.post("/search", name="search", response_model=responses.ResultsOut)
    async def find(body: SearchOssIn, who: Who) -> Json:
        """Find memories by meaning and by words, best first."""
        body = body.model_copy(update={"filters": with_metadata(body.filters or {})})
        if not body.explain:
            return Json({"results": await searched(search, who, body, body.scope())})
        whole = body.model_copy(update={"fields": None})
        found = await searched(search, who, whole, body.scope())
        told = (explained(memory, body.threshold) for memory in found)
        asked = [*body.fields, "score_details"] if body.fields else None
        return Json({"results": projected(told, asked)})

    @router.get("/entities", response_model=list[responses.OssEntityOut])
    async def entities(who: Who) -> Json:
        """Every user, agent, app and run that a memory names."""
        return Json([*map(entity_out, await memories.entities(who))])

    @router.delete("/entities/{kind}/{name:path}", response_model=responses.MessageOut)
    async def delete_entity(kind: Kind, name: str, request: Request, visitor: Visitor) -> Json:
        """Erase every memory that names an entity."""
        wanted = {f"{kind}_id": one_named(name, request)}
        job = await forgotten(jobs, visitor, wanted, JobKind.DELETE_USER)
        return Json({"message": deleted(job, "Entity deleted successfully")})

    @router.post("/reset", response_model=responses.MessageOut, dependencies=[HOLDS_RIGHT])
    async def reset(visitor: Visitor) -> Json:
        """Erase all memories of the key's project."""
        job = await forgotten(jobs, visitor, EVERYBODY)
        return Json({"message": deleted(job, "All memories reset")})

    return router


def with_metadata(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """FiltersIn in which every key that is no field is one of the metadata."""
    out: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in wanted.items():
        if name in ("AND", "OR", "NOT"):
            several = value if isinstance(value, list) else [value]
            out[name] = [
                with_metadata(part) if isinstance(part, Mapping) else part for part in several
            ]
        elif name in filter_parser.KNOWN:
            out[name] = value
        else:
            rest[name] = value
    if not rest:
        return out
    return {"AND": [out, {"metadata": rest}]} if out else {"metadata": rest}


def explained(found: Body, threshold: float) -> Body:
    """With the parts of the score, by the names of that server. All are on one scale: nothing is
    divided by what could have been reached."""
    parts = found["score_breakdown"]
    details: responses.ScoreDetailsOut = {
        "semantic_score": parts["semantic"],
        "bm25_score": parts["bm25"],
        "entity_boost": parts["entity"],
        "raw_score": found["score"],
        "max_possible_score": 1.0,
        "final_score": found["score"],
        "threshold": threshold,
    }
    return {**found, "score_details": details}


def entity_out(entity: Entity) -> responses.OssEntityOut:
    return {
        "id": entity.value,
        "type": "run" if entity.kind == "session" else entity.kind,
        "total_memories": entity.memories,
        "created_at": format_instant(entity.first),
        "updated_at": format_instant(entity.last),
    }
