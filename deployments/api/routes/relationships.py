"""Routes of relationships: relate, list, amend, retract."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas import responses, serialize
from deployments.api.schemas.bodies import AmendmentIn, RelationshipIn
from deployments.api.schemas.queries import EdgeParameters
from deployments.api.schemas.serialize import Json, deleted_out, edge_out
from memory.domain.memory import UNSET
from memory.service.api import Graph


def routes(graph: Graph) -> APIRouter:
    router = new_router("graph", prefix="/v1/memories/{memory_id}/relationships")

    @router.post(
        "",
        status_code=201,
        response_model=responses.RelationshipOut,
        responses={200: {"model": responses.RelationshipOut, "description": "Already there"}},
    )
    async def relate(memory_id: str, body: RelationshipIn, who: Who) -> Json:
        """Relate two memories. 200 instead of 201 if the same edge stands already."""
        edge, created = await graph.relate(who, body.edge(memory_id))
        return Json(edge_out(edge), 201 if created else 200)

    @router.get("", response_model=responses.RelationshipsOut)
    async def relationships(
        memory_id: str, query: Annotated[EdgeParameters, Query()], who: Who
    ) -> Json:
        """Edges of a memory in both directions that are valid, now or as of an instant, while
        both their memories are."""
        found = await graph.relationships(who, memory_id, query.walk(), query.view())
        return Json(serialize.relationships_out(found))

    @router.patch("/{relationship_id}", response_model=responses.RelationshipOut)
    async def amend(memory_id: str, relationship_id: str, body: AmendmentIn, who: Who) -> Json:
        """End an edge, reopen it, or replace its metadata; from either end."""
        metadata = UNSET if body.metadata is None else body.metadata
        edge = await graph.amend_edge(who, memory_id, relationship_id, body.end(), metadata)
        return Json(edge_out(edge))

    @router.delete("/{relationship_id}", response_model=responses.DeletedOut)
    async def retract(memory_id: str, relationship_id: str, who: Who) -> Json:
        """Retract an edge: it is not known from now on, and still there for an earlier
        known_at."""
        at = await graph.retract_edge(who, memory_id, relationship_id)
        return Json(deleted_out("Relationship", relationship_id, at))

    return router
