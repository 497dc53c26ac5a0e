"""How the domain's objects are written on the wire, and the models that document them."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from memory.clock import format_instant
from memory.errors import Mem0gError
from memory.model import Edge, Found, Graph, Memory, Neighbourhood, Page, Related


class Json(Response):
    """An answer that is already plain data."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def memory_out(memory: Memory) -> dict[str, Any]:
    scope = memory.scope
    out: dict[str, Any] = {
        "id": memory.id,
        "content": memory.content,
        "user_id": scope.user_id,
        "agent_id": scope.agent_id,
        "app_id": scope.app_id,
        "session_id": scope.session_id,
        "metadata": memory.metadata,
        "categories": memory.categories,
        "created_at": format_instant(memory.created_at),
        "updated_at": format_instant(memory.recorded_at),
        "valid_from": format_instant(memory.valid_from),
        "valid_to": _end(memory.valid_to),
        "version": memory.version,
    }
    if memory.superseded_by:
        out["superseded_by"] = memory.superseded_by
    return out


def edge_out(edge: Edge) -> dict[str, Any]:
    return {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "relation": edge.relation,
        "metadata": edge.metadata,
        "valid_from": format_instant(edge.valid_from),
        "valid_to": _end(edge.valid_to),
        "created_at": format_instant(edge.created_at),
        "updated_at": format_instant(edge.recorded_at),
    }


def version_out(memory: Memory) -> dict[str, Any]:
    """A version in a history: the memory as it was known then, its event and both clocks."""
    return {
        **memory_out(memory),
        "event": memory.event.value,
        "recorded_at": format_instant(memory.recorded_at),
        "retracted_at": _end(memory.retracted_at),
    }


def found_out(found: Found) -> dict[str, Any]:
    return {**memory_out(found.memory), "score": round(found.score, 6)}


def related_out(hit: Related) -> dict[str, Any]:
    return {
        **memory_out(hit.memory),
        "relation": hit.relation,
        "depth": hit.depth,
        "path": hit.path,
    }


def page_out(page: Page) -> dict[str, Any]:
    return {"memories": [*map(memory_out, page.memories)], "next_cursor": page.next_cursor}


def neighbourhood_out(found: Neighbourhood) -> dict[str, Any]:
    return {"memories": [*map(related_out, found.hits)], "truncated": found.truncated}


def graph_out(graph: Graph) -> dict[str, Any]:
    return {
        "nodes": [*map(memory_out, graph.nodes)],
        "edges": [*map(edge_out, graph.edges)],
        "truncated": graph.truncated,
    }


def error_out(error: Mem0gError, request_id: str) -> dict[str, str]:
    """One body for every dialect: Mem0's clients read `detail`, `error` or `message`."""
    return {
        "detail": error.message,
        "error": error.message,
        "message": error.message,
        "code": error.code,
        "request_id": request_id,
    }


def _end(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


_EXAMPLE_ID = "mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"


class MemoryOut(BaseModel):
    """A memory: its last known version."""

    id: str = Field(examples=[_EXAMPLE_ID])
    content: str = Field(examples=["User prefers Python for scripting"])
    user_id: str | None = Field(examples=["alice"])
    agent_id: str | None
    app_id: str | None
    session_id: str | None
    metadata: dict[str, Any] = Field(examples=[{"source": "chat"}])
    categories: list[str] = Field(examples=[["preferences"]])
    created_at: str = Field(examples=["2026-03-01T09:00:00.000000Z"])
    updated_at: str
    valid_from: str
    valid_to: str | None
    version: int = Field(examples=[1])
    superseded_by: str | None = None


class AddedOut(MemoryOut):
    deduplicated: bool | None = None


class FoundOut(MemoryOut):
    score: float = Field(ge=0, le=1, examples=[0.87])


class RelatedOut(MemoryOut):
    relation: str = Field(examples=["RELATES_TO"])
    depth: int = Field(examples=[1])
    path: list[str] = Field(examples=[[_EXAMPLE_ID]])


class VersionOut(MemoryOut):
    event: str = Field(examples=["ADD"])
    recorded_at: str
    retracted_at: str | None


class BatchItemOut(BaseModel):
    """What the item alone would have been answered: its status, and a memory or an error."""

    status: int = Field(examples=[201])
    memory: AddedOut | None = None
    error: ErrorOut | None = None


class BatchOut(BaseModel):
    results: list[BatchItemOut]


class PageOut(BaseModel):
    memories: list[MemoryOut]
    next_cursor: str | None


class SearchOut(BaseModel):
    memories: list[FoundOut]


class RelationshipOut(BaseModel):
    """An edge: its last known version."""

    id: str = Field(examples=["rel_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"])
    source: str
    target: str
    relation: str = Field(examples=["RELATES_TO"])
    metadata: dict[str, Any]
    valid_from: str
    valid_to: str | None
    created_at: str
    updated_at: str


class RelationshipsOut(BaseModel):
    relationships: list[RelationshipOut]


class NeighbourhoodOut(BaseModel):
    memories: list[RelatedOut]
    truncated: bool


class GraphOut(BaseModel):
    nodes: list[MemoryOut]
    edges: list[RelationshipOut]
    truncated: bool


class DeletedOut(BaseModel):
    message: str
    id: str
    updated_at: str | None = None


class ErrorOut(BaseModel):
    detail: str
    error: str
    message: str
    code: str = Field(examples=["not_found"])
    request_id: str


BatchItemOut.model_rebuild()
