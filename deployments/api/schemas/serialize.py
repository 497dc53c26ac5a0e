"""Writes the domain's objects as answers, in the shapes of responses.py."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from deployments.api.schemas.responses import (
    AddedOut,
    DeduplicatedOut,
    DeletedOut,
    DifferenceOut,
    ErrorOut,
    FoundOut,
    GraphOut,
    MemoryOut,
    NeighbourhoodOut,
    PageOut,
    PathOut,
    ReachedOut,
    RelatedOut,
    RelationshipOut,
    RelationshipsOut,
    SimilarOut,
    VersionOut,
)
from memory.domain.clock import format_end, format_instant
from memory.domain.errors import Mem0gError
from memory.domain.memory import Edge, Memory
from memory.domain.results import (
    Added,
    Found,
    GraphDifference,
    GraphPage,
    Neighbourhood,
    Page,
    Path,
    Related,
    Relationships,
    Similar,
)


class Json(Response):
    """An answer that is already plain data."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def memory_out(memory: Memory) -> MemoryOut:
    scope = memory.scope
    out: MemoryOut = {
        "id": memory.id,
        "content": memory.content,
        "memory": memory.content,
        "user_id": scope.user_id,
        "agent_id": scope.agent_id,
        "app_id": scope.app_id,
        "session_id": scope.session_id,
        "run_id": scope.session_id,
        "metadata": memory.metadata,
        "categories": memory.categories,
        "created_at": format_instant(memory.created_at),
        "updated_at": format_instant(memory.recorded_at),
        "valid_from": format_instant(memory.valid_from),
        "valid_to": format_end(memory.valid_to),
        "expiration_date": memory.last_day,
        "immutable": memory.immutable,
        "role": memory.role,
        "actor_id": memory.actor_id,
        "version": memory.version,
    }
    if memory.superseded_by:
        out["superseded"] = True
        out["superseded_by"] = memory.superseded_by
    return out


def edge_out(edge: Edge) -> RelationshipOut:
    return {
        "id": edge.id or None,  # a derived edge has none
        "source": edge.source,
        "target": edge.target,
        "relation": edge.relation,
        "metadata": edge.metadata,
        "valid_from": format_instant(edge.valid_from),
        "valid_to": format_end(edge.valid_to),
        "created_at": format_instant(edge.created_at),
        "updated_at": format_instant(edge.recorded_at),
    }


def version_out(memory: Memory) -> VersionOut:
    """A version in a history: the memory as it was known then, its event and both clocks."""
    return {
        **memory_out(memory),
        "event": memory.event.value,
        "recorded_at": format_instant(memory.recorded_at),
        "retracted_at": format_end(memory.retracted_at),
    }


def added_out(added: Added) -> AddedOut:
    """A DeduplicatedOut if the memory was there already."""
    # mypy cannot know that a MemoryOut has no similar_to of another type.
    out: AddedOut = {**memory_out(added.memory)}  # type: ignore[typeddict-item]
    if added.deduplicated:
        known: DeduplicatedOut = {
            **out,
            "deduplicated": True,
            "not_stored": added.not_stored,
        }
        out = known
    if added.similar is not None:
        out["similar_to"] = [*map(similar_out, added.similar)]
    return out


def similar_out(near: Similar) -> SimilarOut:
    return {
        "id": near.memory.id,
        "content": near.memory.content,
        "cosine": round(near.cosine, 6),
    }


def found_out(found: Found) -> FoundOut:
    return {**memory_out(found.memory), "score": round(found.score, 6)}


def related_out(hit: Related) -> RelatedOut | ReachedOut:
    """Whoever asked for ids only gets no edge and no memory."""
    reached: ReachedOut = {
        "id": hit.memory.id,
        "relation": hit.relation,
        "depth": hit.depth,
        "path": hit.path,
    }
    if hit.edge is None:
        return reached
    return {**memory_out(hit.memory), **reached, "edge": edge_out(hit.edge)}


def page_out(page: Page) -> PageOut:
    return {"memories": [*map(memory_out, page.memories)], "next_cursor": page.next_cursor}


def relationships_out(found: Relationships) -> RelationshipsOut:
    out: RelationshipsOut = {"relationships": [*map(edge_out, found.edges)]}
    if found.truncated:
        out["truncated"] = True
    return out


def neighbourhood_out(found: Neighbourhood) -> NeighbourhoodOut:
    return {"memories": [*map(related_out, found.hits)], "truncated": found.truncated}


def path_out(path: Path) -> PathOut:
    return {
        "memories": [*map(memory_out, path.memories)],
        "edges": [*map(edge_out, path.edges)],
        "truncated": path.truncated,
    }


def graph_out(graph: GraphPage) -> GraphOut:
    return {
        "nodes": [*map(memory_out, graph.nodes)],
        "edges": [*map(edge_out, graph.edges)],
        "truncated": graph.truncated,
        "next_cursor": graph.next_cursor,
    }


def difference_out(found: GraphDifference) -> DifferenceOut:
    nodes, edges = found.nodes, found.edges
    return {
        "nodes": {
            "began": [*map(memory_out, nodes.began)],
            "ended": [*map(memory_out, nodes.ended)],
            "changed": [
                {"before": memory_out(before), "after": memory_out(after)}
                for before, after in nodes.changed
            ],
        },
        "edges": {
            "began": [*map(edge_out, edges.began)],
            "ended": [*map(edge_out, edges.ended)],
            "changed": [
                {"before": edge_out(before), "after": edge_out(after)}
                for before, after in edges.changed
            ],
            "retracted": [*map(edge_out, found.retracted)],
        },
        "truncated": found.truncated,
        "next_cursor": found.next_cursor,
    }


def deleted_out(what: str, thing_id: str, at: int) -> DeletedOut:
    return {"message": f"{what} deleted", "id": thing_id, "updated_at": format_instant(at)}


def replayed(known: bool) -> dict[str, str]:
    """The header of an answer that an Idempotency-Key had before."""
    return {"Idempotent-Replayed": "true"} if known else {}


def error_out(error: Mem0gError, request_id: str) -> ErrorOut:
    """One body for every dialect: Mem0's clients read `detail`, `error` or `message`."""
    return {
        "detail": error.message,
        "error": error.message,
        "message": error.message,
        "code": error.code,
        "request_id": request_id,
    }
