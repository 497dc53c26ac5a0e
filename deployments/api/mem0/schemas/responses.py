"""The models that document what Mem0's calls answer: answers.py writes exactly this."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, create_model

from deployments.api.schemas import responses


class AttributesOut(BaseModel):
    """Parts of created_at, UTC."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    day_of_week: str = Field(examples=["Mon"])
    day_of_year: int
    week_of_year: int
    quarter: int
    is_weekend: bool


class Mem0MemoryOut(responses.MemoryOut):
    """A memory as everywhere, but `created_at` is valid_from here, and `updated_at` when this was
    recorded."""

    hash: str
    structured_attributes: AttributesOut
    replaced_by: str | None
    synthesized: bool
    lifecycle_state: str = Field(examples=["active"])


ListedOut = create_model(
    "ListedOut",
    __base__=Mem0MemoryOut,
    __doc__="A memory, or of it what `fields` asked for.",
    **{  # type: ignore[call-overload]
        name: (field.annotation, None)
        for name, field in Mem0MemoryOut.model_fields.items()
        if name != "id"
    },
)


class BreakdownOut(BaseModel):
    """`semantic` is the cosine, `bm25` the share of the query's words."""

    semantic: float
    bm25: float
    entity: float


class ScoreDetailsOut(BaseModel):
    semantic_score: float
    bm25_score: float
    entity_boost: float
    raw_score: float
    max_possible_score: float
    final_score: float
    threshold: float


class Mem0FoundOut(ListedOut):  # type: ignore[valid-type,misc]
    score: float | None = Field(default=None, ge=0, le=1)
    score_breakdown: BreakdownOut | None = None
    score_details: ScoreDetailsOut | None = None


class DataOut(BaseModel):
    memory: str | None


class OutcomeOut(BaseModel):
    """What became of a memory: ADD, UPDATE, DELETE or, where it was there already, NONE."""

    id: str
    event: str = Field(examples=["ADD"])
    memory: str | None
    data: DataOut
    user_id: str | None


class RelationOut(BaseModel):
    source: str
    relationship: str
    target: str
    edge_id: str


class Mem0AddedOut(BaseModel):
    """`results` are there once the event has SUCCEEDED, `relations` where they were asked for."""

    message: str
    status: str = Field(examples=["SUCCEEDED", "PENDING"])
    event_id: str
    results: list[OutcomeOut] | None = None
    relations: list[RelationOut] | None = None


class ResultsOut(BaseModel):
    """`relations` is there in older forms, and has none."""

    results: list[Mem0FoundOut]
    relations: list[RelationOut] | None = None


class PendingOut(BaseModel):
    """Stands for the outcomes of an add that has not ended."""

    message: str
    status: str = Field(examples=["PENDING"])
    event_id: str


Outcomes = list[OutcomeOut] | list[PendingOut]


class OldWrappedOut(BaseModel):
    results: Outcomes
    relations: list[RelationOut]


OldAddedOut = Outcomes | OldWrappedOut


class OssAddedOut(BaseModel):
    """`results` are there once it has SUCCEEDED, `relations` where they were asked for."""

    results: list[OutcomeOut]
    status: str = Field(examples=["SUCCEEDED"])
    event_id: str
    relations: list[RelationOut] | None = None


OldResultsOut = list[Mem0FoundOut] | ResultsOut


class OssEntityOut(BaseModel):
    id: str
    type: str
    total_memories: int
    created_at: str
    updated_at: str


class Mem0PageOut(BaseModel):
    count: int
    next: str | None = Field(description="address of the next page")
    previous: str | None
    results: list[ListedOut]  # type: ignore[valid-type]


OldPageOut = Mem0PageOut | ResultsOut | list[ListedOut]  # type: ignore[valid-type]


class HistoryRowOut(BaseModel):
    id: str
    memory_id: str
    input: list[Any]
    old_memory: str | None
    new_memory: str | None
    event: str = Field(examples=["ADD", "UPDATE"])
    user_id: str | None
    agent_id: str | None
    app_id: str | None
    session_id: str | None
    run_id: str | None
    categories: list[str]
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    is_deleted: bool
    actor_id: str | None
    role: str | None
    superseded_by: str | None


class MessageOut(BaseModel):
    message: str


class ErasedOut(MessageOut):
    """`cascade_count` is there with delete_linked: how many more were erased."""

    id: str
    updated_at: str
    cascade_count: int | None = None


class QueuedOut(MessageOut):
    event_id: str
    status: str


class PingOut(BaseModel):
    status: str = Field(examples=["ok"])
    org_id: str
    project_id: str
    user_email: str | None
