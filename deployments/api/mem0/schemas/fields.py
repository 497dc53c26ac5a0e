"""What Mem0's bodies and query strings have in common.

Values are read as what they should be if that is plain, as Mem0 does. An explicit null is the same
as leaving a field out, but for the few that it clears.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from deployments.api.schemas.fields import Entity, Fields
from memory.domain.memory import Scope


class Mem0Fields(Fields):
    CLEARED_BY_NULL: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        return {k: v for k, v in fields.items() if v is not None or k in cls.CLEARED_BY_NULL}


class ScopeIn(Mem0Fields):
    """Entities, by Mem0's names. A session's other name is taken as well."""

    user_id: Entity | None = None
    agent_id: Entity | None = None
    app_id: Entity | None = None
    run_id: Entity | None = None
    session_id: Entity | None = None

    def scope(self) -> Scope:
        return Scope(self.user_id, self.agent_id, self.app_id, self.run_id or self.session_id)
