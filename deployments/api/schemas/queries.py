"""What query strings may hold, and what they mean in the domain."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, Json

from deployments.api.schemas.bodies import SearchFields
from deployments.api.schemas.fields import (
    HalfLife,
    Instant,
    Relation,
    ScopeFields,
    ViewFields,
    instant,
)
from memory.domain.clock import parse_instant
from memory.domain.memory import UNSET, Unset
from memory.query.views import Direction, Walk

Depth = Annotated[int, Field(ge=1, le=10)]
GraphLimit = Annotated[int, Field(ge=1, le=10_000)]


class ListParameters(ScopeFields, ViewFields):
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    cursor: str | None = None
    order: Annotated[Literal["desc", "asc"], Field(description="by created_at")] = "desc"


class SearchParameters(SearchFields):
    """GET's form of a search; `filters` is a JSON object."""

    filters: Json[dict[str, Any]] | None = None
    half_life_days: HalfLife | None = None

    def half_life(self) -> float | Unset | None:
        return UNSET if self.half_life_days is None else self.half_life_days


class EdgeParameters(ViewFields):
    """Which edges are looked at. The derived FOLLOWS are among them if `relation` names them,
    or if no relation is named and `include_system` is true."""

    relation: list[Relation] = Field(default=[], max_length=20)
    include_system: bool = False

    def walk(self) -> Walk:
        return Walk(relations=frozenset(self.relation), system=self.include_system)


class RelatedParameters(EdgeParameters):
    depth: Depth = 1
    direction: Direction = Direction.BOTH
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    ids_only: bool = False

    def walk(self) -> Walk:
        return replace(
            super().walk(), depth=self.depth, direction=self.direction, ids_only=self.ids_only
        )


class PathParameters(EdgeParameters):
    start: Annotated[str, Field(alias="from", description="id of a memory")]
    end: Annotated[str, Field(alias="to", description="id of a memory")]
    max_depth: Depth = 5
    direction: Direction = Direction.BOTH

    def walk(self) -> Walk:
        return replace(super().walk(), depth=self.max_depth, direction=self.direction)


class GraphParameters(ScopeFields, EdgeParameters):
    limit: GraphLimit = 1_000
    cursor: str | None = None


class DifferenceParameters(ScopeFields):
    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    known_at: Instant | None = None
    limit: GraphLimit = 1_000
    cursor: str | None = None

    def period(self) -> tuple[int, int]:
        return parse_instant(self.start, "from"), parse_instant(self.end, "to")

    def knowledge(self) -> int | None:
        return instant(self.known_at, "known_at")
