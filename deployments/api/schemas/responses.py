"""The shape of every answer: one list of fields.

FastAPI makes /openapi.json of it. serialize.py writes it as plain dicts, which costs no model, and
mypy holds each of these to its shape here: a field too many, too few or of another type is an
error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

_EXAMPLE_ID = "mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"


class MemoryOut(TypedDict):
    """One version of a memory: the last one known, then or now. `superseded` and `superseded_by`
    are there only if it has a successor."""

    id: Annotated[str, Field(examples=[_EXAMPLE_ID])]
    content: Annotated[str, Field(examples=["User prefers Python for scripting"])]
    memory: Annotated[str, Field(description="the content, by Mem0's name")]
    user_id: Annotated[str | None, Field(examples=["alice"])]
    agent_id: str | None
    app_id: str | None
    session_id: str | None
    run_id: Annotated[str | None, Field(description="the session_id, by Mem0's name")]
    metadata: Annotated[Mapping[str, Any], Field(examples=[{"source": "chat"}])]
    categories: Annotated[Sequence[str], Field(examples=[["preferences"]])]
    created_at: Annotated[str, Field(examples=["2026-03-01T09:00:00.000000Z"])]
    updated_at: str
    valid_from: str
    valid_to: str | None
    expiration_date: Annotated[
        str | None, Field(description="the last day, UTC, if it ends by itself")
    ]
    immutable: bool
    role: str | None
    actor_id: str | None
    version: Annotated[int, Field(examples=[1])]
    superseded: NotRequired[Annotated[bool, Field(default=False)]]
    superseded_by: NotRequired[str | None]


class SimilarOut(TypedDict):
    id: str
    content: str
    cosine: Annotated[float, Field(examples=[0.93])]


class AddedOut(MemoryOut):
    """`similar_to` is there if it was asked for, best first."""

    similar_to: NotRequired[list[SimilarOut] | None]


class DeduplicatedOut(AddedOut):
    """The memory that says it already, and which of the caller's fields it does not hold."""

    deduplicated: Literal[True]
    not_stored: Annotated[Sequence[str], Field(examples=[["metadata"]])]


class FoundOut(MemoryOut):
    score: Annotated[float, Field(ge=0, le=1, examples=[0.87])]


class VersionOut(MemoryOut):
    event: Annotated[str, Field(examples=["ADD"])]
    recorded_at: str
    retracted_at: str | None


class RelationshipOut(TypedDict):
    """One version of an edge. A derived edge, FOLLOWS, has no id."""

    id: Annotated[str | None, Field(examples=["rel_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"])]
    source: str
    target: str
    relation: Annotated[str, Field(examples=["RELATES_TO"])]
    metadata: Mapping[str, Any]
    valid_from: str
    valid_to: str | None
    created_at: str
    updated_at: str


class RelatedOut(MemoryOut):
    """A memory reached along edges: `edge`, of this `relation`, led to it."""

    relation: Annotated[str, Field(examples=["RELATES_TO"])]
    depth: Annotated[int, Field(examples=[1])]
    path: Annotated[Sequence[str], Field(examples=[[_EXAMPLE_ID]])]
    edge: RelationshipOut


class ReachedOut(TypedDict):
    """What `ids_only` leaves of it."""

    id: Annotated[str, Field(examples=[_EXAMPLE_ID])]
    relation: Annotated[str, Field(examples=["RELATES_TO"])]
    depth: Annotated[int, Field(examples=[1])]
    path: Annotated[Sequence[str], Field(examples=[[_EXAMPLE_ID]])]


class PageOut(TypedDict):
    memories: list[MemoryOut]
    next_cursor: str | None


class SearchOut(TypedDict):
    memories: list[FoundOut]


class RelationshipsOut(TypedDict):
    """`truncated` is there, and true, if the memory has more."""

    relationships: list[RelationshipOut]
    truncated: NotRequired[bool | None]


class NeighbourhoodOut(TypedDict):
    memories: list[RelatedOut] | list[ReachedOut]
    truncated: bool


class PathOut(TypedDict):
    """Memories in order and the edges between them; none if there is no path."""

    memories: list[MemoryOut]
    edges: list[RelationshipOut]
    truncated: bool


class GraphOut(TypedDict):
    """A page of memories, with the edges whose later end it holds."""

    nodes: list[MemoryOut]
    edges: list[RelationshipOut]
    truncated: bool
    next_cursor: str | None


class ChangedMemoryOut(TypedDict):
    before: MemoryOut
    after: MemoryOut


class ChangedRelationshipOut(TypedDict):
    before: RelationshipOut
    after: RelationshipOut


class MemoryDifferencesOut(TypedDict):
    began: list[MemoryOut]
    ended: list[MemoryOut]
    changed: list[ChangedMemoryOut]


class RelationshipDifferencesOut(TypedDict):
    began: list[RelationshipOut]
    ended: list[RelationshipOut]
    changed: list[ChangedRelationshipOut]
    retracted: list[RelationshipOut]


class DifferenceOut(TypedDict):
    nodes: MemoryDifferencesOut
    edges: RelationshipDifferencesOut
    truncated: bool
    next_cursor: str | None


class DeletedOut(TypedDict):
    message: str
    id: str
    updated_at: str


class HealthOut(TypedDict):
    status: Annotated[str, Field(examples=["ok"])]


class ReadyOut(TypedDict):
    """State of each dependency: begins with "ok", or says what is wrong."""

    ready: bool
    dependencies: Annotated[dict[str, str], Field(examples=[{"store": "ok", "redis": "ok"}])]


class ErrorOut(TypedDict):
    detail: str
    error: str
    message: str
    code: Annotated[str, Field(examples=["not_found"])]
    request_id: str


class BatchItemOut(TypedDict):
    """What the item alone would have been answered: its status, and a memory or an error."""

    status: Annotated[int, Field(examples=[201])]
    memory: NotRequired[DeduplicatedOut | AddedOut | None]
    error: NotRequired[ErrorOut | None]


class BatchOut(TypedDict):
    results: list[BatchItemOut]
