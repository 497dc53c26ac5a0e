"""v1 and v2, as older clients of Mem0's still call them: other wrappings of the same answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from deployments.api.mem0.deleting import Written, json_object
from deployments.api.mem0.reading import listed, searched
from deployments.api.mem0.schemas import responses
from deployments.api.mem0.schemas.bodies import AddIn, ListIn, SearchIn
from deployments.api.mem0.schemas.fields import ScopeIn
from deployments.api.mem0.schemas.paging import DEFAULT_PAGE, MAX_PAGE, Paged, Paging, envelope
from deployments.api.mem0.schemas.serialize import Body, outcome_out, queued_out, relation_out
from deployments.api.mem0.waiting import ended, sound
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.domain.memory import Scope
from memory.service.api import Jobs, Memories, Search

WRAPPED = "v1.1"


class Formed(ScopeIn):
    """`output_format` v1.1 asks for an object; otherwise the answer is a list."""

    output_format: str | None = None

    @property
    def wrapped(self) -> bool:
        return self.output_format == WRAPPED


class AddV1In(Formed, AddIn):
    version: str | None = None
    async_mode: bool | None = None

    @property
    def waits(self) -> bool:
        """Whether the answer is to hold what came of it: so it was before there were events."""
        if self.async_mode is not None:
            return not self.async_mode
        return self.wrapped and self.version == "v2"


class OldSearchIn(Formed, SearchIn):
    """Entities may stand beside the filters."""

    threshold: Annotated[float, Field(ge=0, le=1, description="0 switches it off")] = 0.3
    only_metadata_based_search: bool = False


class OldListIn(Formed, ListIn):
    """Entities may stand beside the filters."""


class ListParameters(Formed, Paging):
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE
    keywords: str | None = None
    categories: list[str] = Field(default=[], max_length=100)
    start_date: str | None = None
    end_date: str | None = None
    metadata: Written | None = None
    fields: list[str] = Field(default=[], max_length=100)
    show_expired: bool = False
    latest_only: bool | None = None
    enable_graph: bool = False

    def list_in(self) -> ListIn:
        """Raises InvalidInput."""
        return ListIn(
            metadata=None if self.metadata is None else json_object(self.metadata, "metadata"),
            fields=self.fields or None,
            latest_only=self.latest_only,
            keywords=self.keywords,
            categories=self.categories or None,
            start_date=self.start_date,
            end_date=self.end_date,
            show_expired=self.show_expired,
        )


def routes(memories: Memories, search: Search, jobs: Jobs, within_s: float) -> APIRouter:
    """An add that waits for what comes of it waits so long."""
    router = new_router("mem0")

    @router.post("/mem0/v1/memories", response_model=responses.OldAddedOut)
    async def add(body: AddV1In, who: Who) -> Json:
        """Remember a conversation."""
        job = await jobs.remember(who, body.conversation())
        job = await ended(jobs, who, job, within_s) if body.waits else sound(job)
        done = [*map(outcome_out, job.outcomes)] if job.state.ended else [queued_out(job)]
        if not body.wrapped:
            return Json(done)
        return Json({"results": done, "relations": [*map(relation_out, job.relations)]})

    async def found(body: OldSearchIn, who: Who) -> list[Body]:
        if not body.only_metadata_based_search:
            return await searched(search, who, body, body.scope())
        wanted = ListIn(**body.model_dump(include=set(ListIn.model_fields)))
        _, hits = await listed(memories, who, wanted, Paging(page_size=body.top_k), body.scope())
        return hits

    @router.post("/mem0/v1/memories/search", response_model=responses.OldResultsOut)
    async def search_v1(body: OldSearchIn, who: Who) -> Json:
        """Find memories, best first."""
        return _formed(body, await found(body, who))

    @router.post("/v2/memories/search", response_model=responses.OldResultsOut)
    async def search_v2(body: OldSearchIn, who: Who) -> Json:
        """Find memories, best first."""
        return _formed(body, await found(body, who))

    async def page(request: Request, who: Who, body: ListIn, paging: Paging, scope: Scope) -> Json:
        count, hits = await listed(memories, who, body, paging, scope)
        if paging.page is None or paging.page_size is None:
            return Json(hits)
        return Json(envelope(request, paging, count, hits))

    @router.get("/mem0/v1/memories", response_model=responses.OldPageOut)
    async def page_v1(
        query: Annotated[ListParameters, Query()], who: Who, request: Request
    ) -> Json:
        """Memories of an entity, newest first; an object if a page is asked for."""
        paging = query.over(Paging())
        body = query.list_in()
        if not paging.asked:
            _, hits = await listed(
                memories, who, body, Paging(page_size=query.limit), query.scope()
            )
            return _formed(query, hits) if query.enable_graph else Json(hits)
        return await page(request, who, body, paging, query.scope())

    @router.post("/v2/memories", response_model=responses.OldPageOut)
    async def page_v2(body: OldListIn, query: Paged, who: Who, request: Request) -> Json:
        """Memories that meet the filters, newest first; an object if a page is asked for."""
        return await page(request, who, body, query.over(body), body.scope())

    return router


def _formed(asked: Formed, found: list[Body]) -> Json:
    return Json({"results": found, "relations": []} if asked.wrapped else found)
