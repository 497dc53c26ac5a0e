"""Lists by condition, and the entities that memories name: what is asked, and what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.domain.caller import Caller
from memory.domain.memory import Memory, Owner
from memory.query.views import Selection


@dataclass(frozen=True, slots=True)
class Selected:
    """A page of a list. `count` is how many memories the whole list has."""

    count: int
    memories: Sequence[Memory]


@dataclass(frozen=True, slots=True)
class Entity:
    """A user, agent, app or session that memories name: how many, the first valid_from and the
    last recorded_at among them. `id` is the same for the same entity in a project, and a decimal
    number: what Mem0's older clients delete by."""

    id: str
    kind: str
    value: str
    memories: int
    first: int
    last: int


class Selections(Protocol):
    """Part of the service as its callers see it; errors as in memory.service.api.Memories."""

    async def select(self, caller: Caller, selection: Selection) -> Selected:
        """The memories of the selection's view that meet its condition, newest valid_from first.
        Raises ScopeRequired where neither its scope nor every branch of its condition names an
        entity, Forbidden where one of them is not the caller's."""
        ...

    async def entities(self, caller: Caller, only: Owner | None = None) -> list[Entity]:
        """Every entity that a memory names, or this one, by kind and value."""
        ...
