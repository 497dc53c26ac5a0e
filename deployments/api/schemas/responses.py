"""The models that document what is answered: answers.py writes exactly this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

_EXAMPLE_ID = "mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"


class MemoryOut(BaseModel):
    """One version of a memory: the last one known, then or now. `superseded` and `superseded_by`
    are there only where it has a successor."""

    id: str = Field(examples=[_EXAMPLE_ID])
    content: str = Field(examples=["User prefers Python for scripting"])
    memory: str = Field(description="the content, by Mem0's name")
    user_id: str | None = Field(examples=["alice"])
    agent_id: str | None
    app_id: str | None
    session_id: str | None
    run_id: str | None = Field(description="the session_id, by Mem0's name")
    metadata: dict[str, Any] = Field(examples=[{"source": "chat"}])
    categories: list[str] = Field(examples=[["preferences"]])
    created_at: str = Field(examples=["2026-03-01T09:00:00.000000Z"])
    updated_at: str
    valid_from: str
    valid_to: str | None
    expiration_date: str | None = Field(description="the last day, UTC, if it ends by itself")
    immutable: bool
    role: str | None
    actor_id: str | None
    version: int = Field(examples=[1])
    superseded: bool = False
    superseded_by: str | None = None


class SimilarOut(BaseModel):
    id: str
    content: str
    cosine: float = Field(examples=[0.93])


class AddedOut(MemoryOut):
    """`similar_to` is there where it was asked for, best first."""

    similar_to: list[SimilarOut] | None = None


class DeduplicatedOut(AddedOut):
    """The memory that says it already, and which of the caller's fields it does not hold."""

    deduplicated: Literal[True]
    not_stored: list[str] = Field(examples=[["metadata"]])


class FoundOut(MemoryOut):
    score: float = Field(ge=0, le=1, examples=[0.87])


class VersionOut(MemoryOut):
    event: str = Field(examples=["ADD"])
    recorded_at: str
    retracted_at: str | None


class RelationshipOut(BaseModel):
    """One version of an edge. A derived edge, FOLLOWS, has no id."""

    id: str | None = Field(examples=["rel_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10"])
    source: str
    target: str
    relation: str = Field(examples=["RELATES_TO"])
    metadata: dict[str, Any]
    valid_from: str
    valid_to: str | None
    created_at: str
    updated_at: str


class RelatedOut(MemoryOut):
    """A memory reached along edges: `edge`, of this `relation`, led to it."""

    relation: str = Field(examples=["RELATES_TO"])
    depth: int = Field(examples=[1])
    path: list[str] = Field(examples=[[_EXAMPLE_ID]])
    edge: RelationshipOut


class ReachedOut(BaseModel):
    """What `ids_only` leaves of it."""

    id: str = Field(examples=[_EXAMPLE_ID])
    relation: str = Field(examples=["RELATES_TO"])
    depth: int = Field(examples=[1])
    path: list[str] = Field(examples=[[_EXAMPLE_ID]])


class PageOut(BaseModel):
    memories: list[MemoryOut]
    next_cursor: str | None


class SearchOut(BaseModel):
    memories: list[FoundOut]


class RelationshipsOut(BaseModel):
    """`truncated` is there, and true, where the memory has more."""

    relationships: list[RelationshipOut]
    truncated: bool | None = None


class NeighbourhoodOut(BaseModel):
    memories: list[RelatedOut] | list[ReachedOut]
    truncated: bool


class PathOut(BaseModel):
    """Memories in order and the edges between them; none where there is no path."""

    memories: list[MemoryOut]
    edges: list[RelationshipOut]
    truncated: bool


class GraphOut(BaseModel):
    """A page of memories, with the edges whose later end it holds."""

    nodes: list[MemoryOut]
    edges: list[RelationshipOut]
    truncated: bool
    next_cursor: str | None


class ChangedMemoryOut(BaseModel):
    before: MemoryOut
    after: MemoryOut


class ChangedRelationshipOut(BaseModel):
    before: RelationshipOut
    after: RelationshipOut


class MemoryDifferencesOut(BaseModel):
    began: list[MemoryOut]
    ended: list[MemoryOut]
    changed: list[ChangedMemoryOut]


class RelationshipDifferencesOut(BaseModel):
    began: list[RelationshipOut]
    ended: list[RelationshipOut]
    changed: list[ChangedRelationshipOut]
    retracted: list[RelationshipOut]


class DifferenceOut(BaseModel):
    nodes: MemoryDifferencesOut
    edges: RelationshipDifferencesOut
    truncated: bool
    next_cursor: str | None


class DeletedOut(BaseModel):
    message: str
    id: str
    updated_at: str


class HealthOut(BaseModel):
    status: str = Field(examples=["ok"])


class ReadyOut(BaseModel):
    """State of each dependency: begins with "ok", or says what is wrong."""

    ready: bool
    dependencies: dict[str, str] = Field(examples=[{"store": "ok", "redis": "ok"}])


class ErrorOut(BaseModel):
    detail: str
    error: str
    message: str
    code: str = Field(examples=["not_found"])
    request_id: str


class BatchItemOut(BaseModel):
    """What the item alone would have been answered: its status, and a memory or an error."""

    status: int = Field(examples=[201])
    memory: DeduplicatedOut | AddedOut | None = None
    error: ErrorOut | None = None


class BatchOut(BaseModel):
    results: list[BatchItemOut]
