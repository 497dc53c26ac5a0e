"""What bodies may hold, and what they mean in the domain."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from deployments.api.schemas import limits
from deployments.api.schemas.fields import (
    Body,
    Categories,
    Content,
    Entity,
    HalfLife,
    Instant,
    Metadata,
    Relation,
    Role,
    ScopeFields,
    ViewFields,
    instant,
)
from memory.domain.memory import UNSET, Correction, NewEdge, NewMemory, Unset
from memory.query import filter_parser
from memory.query.views import Query

MAX_BATCH = 1_000
DEFAULT_THRESHOLD = 0.7


class MemoryIn(Body, ScopeFields):
    """A memory to store. The first scope field given owns it."""

    content: Content
    metadata: Metadata | None = None
    categories: Categories | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    supersedes: Annotated[list[str], Field(max_length=100, fail_fast=True)] | None = None
    dedup: bool = True
    similar: Annotated[bool, Field(description="report memories that say nearly the same")] = False
    immutable: Annotated[bool, Field(description="neither corrected nor superseded")] = False
    role: Role | None = None
    actor_id: Entity | None = None

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
            valid_from=instant(self.valid_from, "valid_from"),
            valid_to=instant(self.valid_to, "valid_to"),
            supersedes=tuple(dict.fromkeys(self.supersedes or ())),
            dedup=self.dedup,
            similar=self.similar,
            immutable=self.immutable,
            role=self.role,
            actor_id=self.actor_id,
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
    if_version: Annotated[int, Field(ge=1)] | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"content": "User prefers Python for everything", "if_version": 1}]
        }
    )

    def correction(self) -> Correction:
        begin = instant(self.valid_from, "valid_from")
        ends = "valid_to" in self.model_fields_set
        return Correction(
            content=UNSET if self.content is None else self.content,
            metadata=UNSET if self.metadata is None else self.metadata,
            categories=UNSET if self.categories is None else tuple(dict.fromkeys(self.categories)),
            valid_from=UNSET if begin is None else begin,
            valid_to=instant(self.valid_to, "valid_to") if ends else UNSET,
            if_version=self.if_version,
        )


class SearchFields(ScopeFields, ViewFields):
    """The rules of a search, whether it comes as a body or as a query string."""

    query: Annotated[str, Field(max_length=16_384), AfterValidator(limits.content)]
    limit: Annotated[int, Field(ge=1, le=1_000)] = 10
    threshold: Annotated[float, Field(ge=0, le=1)] = DEFAULT_THRESHOLD
    filters: dict[str, Any] | None = None

    def wanted(self) -> Query:
        return Query(
            text=self.query,
            scope=self.scope(),
            condition=filter_parser.parse(self.filters or {}),
            limit=self.limit,
            threshold=self.threshold,
            view=self.view(),
            half_life_days=self.half_life(),
        )

    def half_life(self) -> float | Unset | None:
        raise NotImplementedError


class DecayIn(Body):
    """A memory so many days old, by valid_from, scores half."""

    half_life_days: HalfLife


class SearchIn(Body, SearchFields):
    """A search by meaning within a scope. `decay` null switches the setting off."""

    decay: DecayIn | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "programming language preferences",
                    "user_id": "alice",
                    "filters": {"metadata": {"source": "chat"}, "NOT": {"categories": "work"}},
                },
                {
                    "query": "where she lives",
                    "user_id": "alice",
                    "as_of": "2026-03-15T00:00:00Z",
                    "known_at": "2026-04-30T00:00:00Z",
                },
            ]
        }
    )

    def half_life(self) -> float | Unset | None:
        if self.decay is not None:
            return self.decay.half_life_days
        return None if "decay" in self.model_fields_set else UNSET


class RelationshipIn(Body):
    """An edge from the memory in the path to another memory of the same owner."""

    target_id: str
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
            valid_from=instant(self.valid_from, "valid_from"),
            valid_to=instant(self.valid_to, "valid_to"),
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
        return instant(self.valid_to, "valid_to") if given else UNSET
