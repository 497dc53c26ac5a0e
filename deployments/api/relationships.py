"""Routes of relationships and of walks along them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from deployments.api import answers
from deployments.api.answers import Json, edge_out
from deployments.api.memories import Project
from deployments.api.requests import (
    AmendmentIn,
    GraphParameters,
    RelatedParameters,
    RelationshipIn,
)
from memory.clock import format_instant
from memory.memories import Memories
from memory.model import UNSET, Direction


def routes(memories: Memories) -> APIRouter:
    router = APIRouter(prefix="/v1/memories", tags=["graph"])

    @router.get("/graph", response_model=answers.GraphOut)
    async def graph(query: Annotated[GraphParameters, Query()], project: Project) -> Json:
        """Memories of a scope and the edges between them, as they are now."""
        return Json(answers.graph_out(await memories.graph(project, query.scope(), query.limit)))

    @router.post(
        "/{memory_id}/relationships", status_code=201, response_model=answers.RelationshipOut
    )
    async def relate(memory_id: str, body: RelationshipIn, project: Project) -> Json:
        """Relate two memories. 200 instead of 201 where the same edge stands already."""
        edge, created = await memories.relate(project, body.edge(memory_id))
        return Json(edge_out(edge), 201 if created else 200)

    @router.get("/{memory_id}/relationships", response_model=answers.RelationshipsOut)
    async def relationships(memory_id: str, project: Project) -> Json:
        """Edges of a memory in both directions that are valid now."""
        found = await memories.relationships(project, memory_id)
        return Json({"relationships": [*map(edge_out, found)]})

    @router.patch(
        "/{memory_id}/relationships/{relationship_id}", response_model=answers.RelationshipOut
    )
    async def amend(
        memory_id: str, relationship_id: str, body: AmendmentIn, project: Project
    ) -> Json:
        """End an edge, reopen it, or replace its metadata; from either end."""
        metadata = UNSET if body.metadata is None else body.metadata
        edge = await memories.amend_edge(project, memory_id, relationship_id, body.end(), metadata)
        return Json(edge_out(edge))

    @router.delete(
        "/{memory_id}/relationships/{relationship_id}", response_model=answers.DeletedOut
    )
    async def retract(memory_id: str, relationship_id: str, project: Project) -> Json:
        """Retract an edge: it is not known from now on."""
        at = await memories.retract_edge(project, memory_id, relationship_id)
        return Json(
            {
                "message": "Relationship deleted",
                "id": relationship_id,
                "updated_at": format_instant(at),
            }
        )

    @router.get("/{memory_id}/related", response_model=answers.NeighbourhoodOut)
    async def related(
        memory_id: str, query: Annotated[RelatedParameters, Query()], project: Project
    ) -> Json:
        """Memories reached along edges, nearest first, each once."""
        found = await memories.related(
            project, memory_id, query.depth, query.relation, Direction(query.direction), query.limit
        )
        return Json(answers.neighbourhood_out(found))

    return router
