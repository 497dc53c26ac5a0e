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
    """A user, agent, app or session that memories name.

    `memories` counts these memories. `first` is the first valid_from among them, `last` the last
    recorded_at. `id` is a decimal number, and always the same for an entity in a project. Mem0's
    older clients delete an entity by it.
    """

    id: str
    kind: str
    value: str
    memories: int
    first: int
    last: int
