"""How the domain's objects are written on the wire; schemas.py documents it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from starlette.responses import Response

from memory.domain.clock import format_end, format_instant
from memory.domain.errors import Mem0gError
from memory.domain.memory import Edge, Memory
from memory.domain.results import (
    Added,
    Differences,
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

Thing = TypeVar("Thing")


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
        out |= {"superseded": True, "superseded_by": memory.superseded_by}
    return out


def edge_out(edge: Edge) -> dict[str, Any]:
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


def version_out(memory: Memory) -> dict[str, Any]:
    """A version in a history: the memory as it was known then, its event and both clocks."""
    return {
        **memory_out(memory),
        "event": memory.event.value,
        "recorded_at": format_instant(memory.recorded_at),
        "retracted_at": format_end(memory.retracted_at),
    }


def added_out(added: Added) -> dict[str, Any]:
    out = memory_out(added.memory)
    if added.deduplicated:
        out |= {"deduplicated": True, "not_stored": added.not_stored}
    if added.similar is not None:
        out["similar_to"] = [*map(similar_out, added.similar)]
    return out


def similar_out(near: Similar) -> dict[str, Any]:
    return {
        "id": near.memory.id,
        "content": near.memory.content,
        "cosine": round(near.cosine, 6),
    }


def found_out(found: Found) -> dict[str, Any]:
    return {**memory_out(found.memory), "score": round(found.score, 6)}


def related_out(hit: Related) -> dict[str, Any]:
    way = {"relation": hit.relation, "depth": hit.depth, "path": hit.path}
    if hit.edge is None:
        return {"id": hit.memory.id, **way}
    return {**memory_out(hit.memory), **way, "edge": edge_out(hit.edge)}


def page_out(page: Page) -> dict[str, Any]:
    return {"memories": [*map(memory_out, page.memories)], "next_cursor": page.next_cursor}


def relationships_out(found: Relationships) -> dict[str, Any]:
    out: dict[str, Any] = {"relationships": [*map(edge_out, found.edges)]}
    return out | {"truncated": True} if found.truncated else out


def neighbourhood_out(found: Neighbourhood) -> dict[str, Any]:
    return {"memories": [*map(related_out, found.hits)], "truncated": found.truncated}


def path_out(path: Path) -> dict[str, Any]:
    return {
        "memories": [*map(memory_out, path.memories)],
        "edges": [*map(edge_out, path.edges)],
        "truncated": path.truncated,
    }


def graph_out(graph: GraphPage) -> dict[str, Any]:
    return {
        "nodes": [*map(memory_out, graph.nodes)],
        "edges": [*map(edge_out, graph.edges)],
        "truncated": graph.truncated,
        "next_cursor": graph.next_cursor,
    }


def difference_out(found: GraphDifference) -> dict[str, Any]:
    edges = _differences_out(found.edges, edge_out)
    return {
        "nodes": _differences_out(found.nodes, memory_out),
        "edges": edges | {"retracted": [*map(edge_out, found.retracted)]},
        "truncated": found.truncated,
        "next_cursor": found.next_cursor,
    }


def _differences_out(
    found: Differences[Thing], out: Callable[[Thing], dict[str, Any]]
) -> dict[str, Any]:
    return {
        "began": [*map(out, found.began)],
        "ended": [*map(out, found.ended)],
        "changed": [
            {"before": out(before), "after": out(after)} for before, after in found.changed
        ],
    }


def deleted_out(what: str, thing_id: str, at: int) -> dict[str, str]:
    return {"message": f"{what} deleted", "id": thing_id, "updated_at": format_instant(at)}


def replayed(known: bool) -> dict[str, str]:
    """The header of an answer that an Idempotency-Key had before."""
    return {"Idempotent-Replayed": "true"} if known else {}


def error_out(error: Mem0gError, request_id: str) -> dict[str, str]:
    """One body for every dialect: Mem0's clients read `detail`, `error` or `message`."""
    return {
        "detail": error.message,
        "error": error.message,
        "message": error.message,
        "code": error.code,
        "request_id": request_id,
    }
