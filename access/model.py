"""What may be asked of the service, and by whom: rights, keys and projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from memory.domain.caller import Caller
from memory.domain.preferences import Preferences


class Right(StrEnum):
    """What a key may do. None of them includes another."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a call needs: a right, and whether it counts as a read or as a write."""

    right: Right
    writes: bool


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to make. `expires_at` is in microseconds since 1970; None is never."""

    project_id: str
    label: str
    user_id: str | None
    rights: frozenset[Right]
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: everything but its secret, of which `prefix` is the beginning."""

    id: str
    prefix: str
    project_id: str
    label: str
    user_id: str | None
    rights: frozenset[Right]
    created_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with its secret, which is told this once. `replayed`: the same request had made
    it before."""

    key: Key
    secret: str
    replayed: bool


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project as its administrators see it."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom a project lists. Being listed grants nothing: keys do. `role` is OWNER or
    READER, the username their e-mail address before the @."""

    email: str
    role: str

    @property
    def username(self) -> str:
        return self.email.partition("@")[0]


@dataclass(frozen=True, slots=True)
class ProjectDetails:
    """A project in full."""

    project: ProjectRecord
    updated_at: int
    preferences: Preferences
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """How much of the tightest limit is left; `reset_s` whole seconds until there is more.
    `refusal` names the limit if the call is one too many."""

    limit: int
    remaining: int
    reset_s: int
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """Who is calling, as the door found out. `everywhere`: all projects, and the server itself.

    `identity` is a digest of the credential that is stored nowhere.
    """

    caller: Caller
    key_id: str
    rights: frozenset[Right]
    everywhere: bool = False
    identity: bytes = b""

    def sees(self, project_id: str) -> bool:
        """Whether the project is there, as far as this caller is told."""
        return self.everywhere or project_id == self.caller.project
