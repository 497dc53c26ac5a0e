"""What bodies and query strings have in common. Unknown fields are ignored: clients of several
versions send their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from deployments.api.schemas import limits
from memory.domain.clock import parse_instant
from memory.domain.memory import Scope
from memory.query.views import View

RELATION = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"

Content = Annotated[str, AfterValidator(limits.content)]
Entity = Annotated[str, AfterValidator(limits.entity)]
Metadata = Annotated[dict[str, Any], AfterValidator(limits.metadata)]
Category = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(limits.storable)]
Categories = Annotated[list[Category], Field(max_length=100, fail_fast=True)]
Instant = Annotated[
    str,
    Field(
        description="ISO 8601, from 1700 to 2249; UTC if it names no zone",
        json_schema_extra={"format": "date-time"},
    ),
]
HalfLife = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Role = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$", description="user, assistant, tool …")]
Relation = Annotated[str, Field(pattern=RELATION)]


class Fields(BaseModel):
    """Part of a request. A query string's values are texts, read as what they should be."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Body(Fields):
    """JSON has types of its own, so nothing is read as what it is not."""

    model_config = ConfigDict(strict=True)


class ScopeFields(Fields):
    user_id: Entity | None = None
    agent_id: Entity | None = None
    app_id: Entity | None = None
    session_id: Entity | None = None

    def scope(self) -> Scope:
        return Scope(self.user_id, self.agent_id, self.app_id, self.session_id)


class InstantFields(Fields):
    """An instant of either clock: what was true `as_of`, as it was known `known_at`."""

    as_of: Instant | None = None
    known_at: Instant | None = None

    def view(self) -> View:
        return View(as_of=instant(self.as_of, "as_of"), known_at=instant(self.known_at, "known_at"))


class ViewFields(InstantFields):
    """The snapshot that a read shows."""

    include_superseded: bool = False
    include_expired: bool = False

    def view(self) -> View:
        return replace(
            super().view(), superseded=self.include_superseded, expired=self.include_expired
        )


def instant(value: str | None, field: str) -> int | None:
    return None if value is None else parse_instant(value, field)
