"""Lists by condition, and the entities that memories name: what is asked, and what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.domain.memory import Memory


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
