"""A conversation that is to be remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memory.domain.memory import Scope


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a conversation. `name` says who spoke, if the role does not tell."""

    role: str
    content: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is to be remembered, and how.

    The messages were said at `said_at`; None is now. What comes of them is valid until `valid_to`.
    `instructions` and `categories` replace those of the project. `graph` asks for relationships
    between the facts. `supersedes` names the memories that the only message replaces. `unused`
    names fields of the request that the service does not use.
    """

    messages: tuple[Said, ...]
    scope: Scope
    metadata: Mapping[str, Any] = field(default_factory=dict)
    infer: bool = True
    said_at: int | None = None
    valid_to: int | None = None
    immutable: bool = False
    instructions: str | None = None
    agent_instructions: str | None = None
    includes: str | None = None
    excludes: str | None = None
    categories: tuple[tuple[str, str], ...] | None = None
    graph: bool = False
    supersedes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
