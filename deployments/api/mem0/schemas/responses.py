"""The shape of every answer to Mem0's calls: one list of fields, which serialize.py is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NotRequired, get_type_hints

from pydantic import Field, create_model
from typing_extensions import TypedDict

from deployments.api.schemas import responses


class AttributesOut(TypedDict):
    """Parts of created_at, UTC."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    day_of_week: Annotated[str, Field(examples=["Mon"])]
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
    lifecycle_state: Annotated[str, Field(examples=["active"])]


_LISTED = get_type_hints(Mem0MemoryOut)
_ID = get_type_hints(Mem0MemoryOut, include_extras=True)["id"]

# A model of pydantic's, because TypedDict can be made of other fields only by name.
ListedOut = create_model(
    "ListedOut",
    __doc__="A memory, or of it what `fields` asked for.",
    id=(_ID, ...),
    **{name: (kind, None) for name, kind in _LISTED.items() if name != "id"},  # type: ignore[call-overload]
)


class BreakdownOut(TypedDict):
    """`semantic` is the cosine, `bm25` the share of the query's words."""

    semantic: float
    bm25: float
    entity: float


class ScoreDetailsOut(TypedDict):
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


class DataOut(TypedDict):
    memory: str | None


class OutcomeOut(TypedDict):
    """What became of a memory: ADD, UPDATE, DELETE or, if it was there already, NONE."""

    id: str
    event: Annotated[str, Field(examples=["ADD"])]
    memory: str | None
    data: DataOut
    user_id: str | None


class RelationOut(TypedDict):
    source: str
    relationship: str
    target: str
    edge_id: str


class Mem0AddedOut(TypedDict):
    """`results` are there once the event has SUCCEEDED, `relations` if they were asked for."""

    message: str
    status: Annotated[str, Field(examples=["SUCCEEDED", "PENDING"])]
    event_id: str
    results: NotRequired[list[OutcomeOut] | None]
    relations: NotRequired[list[RelationOut] | None]


class ResultsOut(TypedDict):
    """`relations` is there in older forms, and has none."""

    results: list[Mem0FoundOut]
    relations: NotRequired[list[RelationOut] | None]


class PendingOut(TypedDict):
    """Stands for the outcomes of an add that has not ended."""

    message: str
    status: Annotated[str, Field(examples=["PENDING"])]
    event_id: str


Outcomes = list[OutcomeOut] | list[PendingOut]


class OldWrappedOut(TypedDict):
    results: Outcomes
    relations: list[RelationOut]


OldAddedOut = Outcomes | OldWrappedOut


class OssAddedOut(TypedDict):
    """`results` are there once it has SUCCEEDED, `relations` if they were asked for."""

    results: list[OutcomeOut]
    status: Annotated[str, Field(examples=["SUCCEEDED"])]
    event_id: str
    relations: NotRequired[list[RelationOut] | None]


OldResultsOut = list[Mem0FoundOut] | ResultsOut


class OssEntityOut(TypedDict):
    id: str
    type: str
    total_memories: int
    created_at: str
    updated_at: str


class Mem0PageOut(TypedDict):
    count: int
    next: Annotated[str | None, Field(description="address of the next page")]
    previous: str | None
    results: list[ListedOut]  # type: ignore[valid-type]


OldPageOut = Mem0PageOut | ResultsOut | list[ListedOut]  # type: ignore[valid-type]


class HistoryRowOut(TypedDict):
    id: str
    memory_id: str
    input: list[Any]
    old_memory: str | None
    new_memory: str | None
    event: Annotated[str, Field(examples=["ADD", "UPDATE"])]
    user_id: str | None
    agent_id: str | None
    app_id: str | None
    session_id: str | None
    run_id: str | None
    categories: Sequence[str]
    metadata: Mapping[str, Any]
    created_at: str
    updated_at: str
    is_deleted: bool
    actor_id: str | None
    role: str | None
    superseded_by: str | None


class MessageOut(TypedDict):
    message: str


class ErasedOut(MessageOut):
    """`cascade_count` is there with delete_linked: how many more were erased."""

    id: str
    updated_at: str
    cascade_count: NotRequired[int | None]


class QueuedOut(MessageOut):
    event_id: str
    status: str


class PingOut(TypedDict):
    status: Annotated[str, Field(examples=["ok"])]
    org_id: str
    project_id: str
    user_email: str | None
