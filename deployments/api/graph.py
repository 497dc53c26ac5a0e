"""Routes of the graph: walks, paths, the whole of it at an instant and between two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from deployments.api import answers, schemas
from deployments.api.answers import Json
from deployments.api.parameters import (
    DifferenceParameters,
    GraphParameters,
    PathParameters,
    RelatedParameters,
)
from deployments.api.routing import new_router
from deployments.api.who import Who
from memory.memories import Memories


def routes(memories: Memories) -> APIRouter:
    router = new_router("graph", prefix="/v1/memories")

    @router.get("/graph", response_model=schemas.GraphOut)
    async def graph(query: Annotated[GraphParameters, Query()], who: Who) -> Json:
        """Memories of a scope and the edges between them, now or as of an instant, newest first.
        An edge comes with the page on which the later of its ends comes."""
        found = await memories.graph(
            who, query.scope(), query.limit, query.cursor, query.walk(), query.view()
        )
        return Json(answers.graph_out(found))

    @router.get("/graph/diff", response_model=schemas.DifferenceOut)
    async def difference(query: Annotated[DifferenceParameters, Query()], who: Who) -> Json:
        """What began, ended and was corrected in the graph between two instants, and which edges
        were withdrawn."""
        start, end = query.period()
        found = await memories.graph_difference(
            who, query.scope(), start, end, query.limit, query.cursor, query.knowledge()
        )
        return Json(answers.difference_out(found))

    @router.get("/path", response_model=schemas.PathOut)
    async def path(query: Annotated[PathParameters, Query()], who: Who) -> Json:
        """A shortest way between two memories of one owner; the same one each time."""
        found = await memories.path(who, query.start, query.end, query.walk(), query.view())
        return Json(answers.path_out(found))

    @router.get("/{memory_id}/related", response_model=schemas.NeighbourhoodOut)
    async def related(
        memory_id: str, query: Annotated[RelatedParameters, Query()], who: Who
    ) -> Json:
        """Memories reached along edges, nearest first, each once."""
        found = await memories.related(who, memory_id, query.walk(), query.limit, query.view())
        return Json(answers.neighbourhood_out(found))

    return router
