"""What requests may hold, and what they mean in the domain. Unknown fields are ignored: clients of
several versions send their own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query as Parameter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from deployments.api import text
from memory import filters
from memory.clock import parse_instant
from memory.errors import ScopeRequired
from memory.model import (
    SCOPE_FIELDS,
    UNSET,
    Correction,
    NewEdge,
    NewMemory,
    Query,
    Scope,
    Unset,
)

MAX_BATCH = 1_000
DEFAULT_THRESHOLD = 0.7
RELATION = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"

Content = Annotated[StrictStr, AfterValidator(text.content)]
Entity = Annotated[StrictStr, AfterValidator(text.entity)]
Metadata = Annotated[dict[str, Any], AfterValidator(text.metadata)]
Category = Annotated[StrictStr, Field(min_length=1, max_length=256), AfterValidator(text.storable)]
Categories = Annotated[list[Category], Field(max_length=100)]
Instant = Annotated[StrictStr, Field(description="ISO 8601; UTC where it names no zone")]
Relation = Annotated[StrictStr, Field(pattern=RELATION)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ScopeFields(Body):
    user_id: Entity | None = None
    agent_id: Entity | None = None
    app_id: Entity | None = None
    session_id: Entity | None = None

    def scope(self) -> Scope:
        scope = Scope(self.user_id, self.agent_id, self.app_id, self.session_id)
        if not scope.given():
            raise ScopeRequired(f"name a scope: one of {', '.join(SCOPE_FIELDS)}")
        return scope


class MemoryIn(ScopeFields):
    """A memory to store. The first scope field given owns it."""

    content: Content
    metadata: Metadata | None = None
    categories: Categories | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    supersedes: Annotated[list[StrictStr], Field(max_length=100)] | None = None
    dedup: StrictBool = True

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "content": "User prefers Python for scripting",
                    "user_id": "alice",
                    "metadata": {"source": "chat"},
                    "categories": ["preferences"],
                }
            ]
        }
    )

    def draft(self) -> NewMemory:
        return NewMemory(
            content=self.content,
            scope=self.scope(),
            metadata=self.metadata or {},
            categories=tuple(dict.fromkeys(self.categories or ())),
            valid_from=_instant(self.valid_from, "valid_from"),
            valid_to=_instant(self.valid_to, "valid_to"),
            supersedes=tuple(dict.fromkeys(self.supersedes or ())),
            dedup=self.dedup,
        )


class BatchIn(Body):
    """Each item is checked and stored by itself."""

    memories: Annotated[list[Any], Field(min_length=1, max_length=MAX_BATCH)]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "memories": [
                        {"content": "User knows JavaScript", "user_id": "alice"},
                        {"content": "User lives in Oslo", "user_id": "alice"},
                    ]
                }
            ]
        }
    )


class CorrectionIn(Body):
    """What to change; a field left out stays. Metadata merges by top-level key, null removes."""

    content: Content | None = None
    metadata: Metadata | None = None
    categories: Categories | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    if_version: Annotated[StrictInt, Field(ge=1)] | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"content": "User prefers Python for everything", "if_version": 1}]
        }
    )

    def correction(self) -> Correction:
        given = self.model_fields_set
        return Correction(
            content=UNSET if self.content is None else self.content,
            metadata=UNSET if self.metadata is None else self.metadata,
            categories=UNSET if self.categories is None else tuple(dict.fromkeys(self.categories)),
            valid_from=_instant(self.valid_from, "valid_from") or UNSET,
            valid_to=_instant(self.valid_to, "valid_to") if "valid_to" in given else UNSET,
            if_version=self.if_version,
        )


class SearchIn(ScopeFields):
    """A search by meaning within a scope."""

    query: Annotated[StrictStr, Field(max_length=16_384), AfterValidator(text.content)]
    limit: Annotated[StrictInt, Field(ge=1, le=1_000)] = 10
    threshold: Annotated[float, Field(ge=0, le=1)] = DEFAULT_THRESHOLD
    filters: Metadata | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "programming language preferences",
                    "user_id": "alice",
                    "filters": {"metadata": {"source": "chat"}},
                }
            ]
        }
    )

    def wanted(self) -> Query:
        return Query(
            text=self.query,
            scope=self.scope(),
            where=filters.where(self.filters or {}),
            limit=self.limit,
            threshold=self.threshold,
        )


class RelationshipIn(Body):
    """An edge from the memory in the path to another memory of the same owner."""

    target_id: StrictStr
    relation: Relation
    metadata: Metadata | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "target_id": "mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10",
                    "relation": "RELATES_TO",
                }
            ]
        }
    )

    def edge(self, source: str) -> NewEdge:
        return NewEdge(
            source=source,
            target=self.target_id,
            relation=self.relation,
            metadata=self.metadata or {},
            valid_from=_instant(self.valid_from, "valid_from"),
            valid_to=_instant(self.valid_to, "valid_to"),
        )


class AmendmentIn(Body):
    """What to change of an edge; valid_to null reopens it."""

    valid_to: Instant | None = None
    metadata: Metadata | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"valid_to": "2026-03-01T00:00:00Z"}]}
    )

    def end(self) -> int | Unset | None:
        given = "valid_to" in self.model_fields_set
        return _instant(self.valid_to, "valid_to") if given else UNSET


class ListParameters(ScopeFields):
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    cursor: str | None = None
    order: Annotated[str, Field(pattern="^(desc|asc)$", description="by created_at")] = "desc"


class GraphParameters(ScopeFields):
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


class SearchParameters(ScopeFields):
    """GET's form of a search; `filters` is a JSON object."""

    query: str
    limit: int = 10
    threshold: float = DEFAULT_THRESHOLD
    filters: str | None = None


class RelatedParameters(Body):
    depth: Annotated[int, Field(ge=1, le=10)] = 1
    relation: Annotated[list[Relation], Field(max_length=20)] = Parameter(default=[])
    direction: Annotated[str, Field(pattern="^(both|out|in)$")] = "both"
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


def _instant(value: str | None, field: str) -> int | None:
    return None if value is None else parse_instant(value, field)
