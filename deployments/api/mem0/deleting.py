"""Which memories a delete is for, by its query string, and which right it takes."""

from __future__ import annotations

import ast
import json
from typing import Annotated, Any

from pydantic import Field, model_validator

from access.door import require
from access.model import Demand, Pass, Right
from deployments.api.mem0.schemas.fields import Mem0Fields
from deployments.api.mem0.waiting import sound
from memory.domain.errors import InvalidInput, ScopeRequired
from memory.domain.jobs import Job, JobKind
from memory.domain.memory import SCOPE_FIELDS
from memory.query import conditions, filter_parser
from memory.query.conditions import ANY
from memory.query.filter_parser import Filters
from memory.service.api import Jobs

# memory.query.conditions.SOMEBODY in the filter language.
EVERYBODY: Filters = {"OR": [{name: ANY} for name in SCOPE_FIELDS]}

_MOST_TEXT = 16_384
_NARROWING = filter_parser.KNOWN | {"start_date", "end_date"}
Written = Annotated[str, Field(max_length=_MOST_TEXT)]


class DeleteParameters(Mem0Fields):
    """Entities; * is any. `metadata` and `filters` are JSON objects. Mem0's client writes
    filters as Python does, and that is read as well."""

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None
    session_id: str | None = None
    metadata: Written | None = None
    filters: Written | None = None

    @model_validator(mode="before")
    @classmethod
    def _narrowed_by_these(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """What would narrow a list is not overlooked: more would be erased than was meant."""
        for name in fields:
            if name in _NARROWING and name not in cls.model_fields:
                raise ValueError(f"{name}: what else narrows a delete goes into filters")
        return fields

    def wanted(self) -> Filters:
        """What has to hold of a memory. All four * are for a memory with any of them: that is how
        Mem0 empties a project. Raises InvalidInput, ScopeRequired if nothing is given."""
        entities = {
            name: value
            for name in ("user_id", "agent_id", "app_id")
            if (value := getattr(self, name)) is not None
        }
        run = self.run_id if self.run_id is not None else self.session_id
        if run is not None:
            entities["run_id"] = run
        parts: list[Filters] = [entities] if entities else []
        if self.filters is not None:
            parts.append(json_object(self.filters, "filters"))
        if self.metadata is not None:
            parts.append({"metadata": json_object(self.metadata, "metadata")})
        parts = [EVERYBODY if _four_stars(part) else part for part in parts if part]
        if not parts:
            raise ScopeRequired("name what to delete: a user_id, agent_id, app_id or run_id")
        return parts[0] if len(parts) == 1 else {"AND": parts}


async def forgotten(
    jobs: Jobs, visitor: Pass, wanted: Filters, kind: JobKind = JobKind.DELETE_ALL
) -> Job:
    """The job that erases what is wanted. Raises Forbidden if that is a whole project and the
    key lacks the right admin."""
    if conditions.everybody(filter_parser.parse(wanted)):
        require(visitor, Demand(Right.ADMIN, writes=True))
    return sound(await jobs.forget(visitor.caller, kind, wanted))


def deleted(job: Job, done: str) -> str:
    """What to say of a deletion: `done` if it has ended."""
    return done if job.state.ended else "Deletion is under way; its event tells when it has ended"


def _four_stars(fields: Filters) -> bool:
    return len(fields) == len(SCOPE_FIELDS) and all(value == ANY for value in fields.values())


def json_object(text: str, field: str) -> dict[str, Any]:
    """An object in JSON or, failing that, a literal of Python's."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = json.loads(json.dumps(read(text)))  # Python has more than JSON: bytes, sets …
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        if isinstance(found, dict):
            return found
    raise InvalidInput(f"{field} is no JSON object")
