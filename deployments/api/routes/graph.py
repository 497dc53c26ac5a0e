"""Routes of the graph: walks, paths, the whole of it at an instant and between two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas import responses, serialize
from deployments.api.schemas.queries import (
    DifferenceParameters,
    GraphParameters,
    PathParameters,
    RelatedParameters,
)
from deployments.api.schemas.serialize import Json
from memory.service.api import Graph


def routes(graph: Graph) -> APIRouter:
    router = new_router("graph", prefix="/v1/memories")

    @router.get("/graph", name="graph", response_model=responses.GraphOut)
    async def page(query: Annotated[GraphParameters, Query()], who: Who) -> Json:
        """Memories of a scope and the edges between them, now or as of an instant, newest first.
        An edge comes with the page on which the later of its ends comes."""
        found = await graph.page(
            who, query.scope(), query.limit, query.cursor, query.walk(), query.view()
        )
        return Json(serialize.graph_out(found))

    @router.get("/graph/diff", response_model=responses.DifferenceOut)
    async def difference(query: Annotated[DifferenceParameters, Query()], who: Who) -> Json:
        """What began, ended and was corrected in the graph between two instants, and which edges
        were withdrawn."""
        start, end = query.period()
        found = await graph.difference(
            who, query.scope(), start, end, query.limit, query.cursor, query.knowledge()
        )
        return Json(serialize.difference_out(found))

    @router.get("/path", response_model=responses.PathOut)
    async def path(query: Annotated[PathParameters, Query()], who: Who) -> Json:
        """A shortest way between two memories of one owner; the same one each time."""
        found = await graph.path(who, query.start, query.end, query.walk(), query.view())
        return Json(serialize.path_out(found))

    @router.get("/{memory_id}/related", response_model=responses.NeighbourhoodOut)
    async def related(
        memory_id: str, query: Annotated[RelatedParameters, Query()], who: Who
    ) -> Json:
        """Memories reached along edges, nearest first, each once."""
        found = await graph.related(who, memory_id, query.walk(), query.limit, query.view())
        return Json(serialize.neighbourhood_out(found))

    return router
