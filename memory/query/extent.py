"""Whose memories a read is about: which owners and tenants, and what must hold of each memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory.domain.errors import Forbidden, ScopeRequired
from memory.domain.ids import Project
from memory.domain.memory import NAMES_OF_SCOPES, Memory, Scope
from memory.query.conditions import ANY, EVERYTHING, Condition, meets, scopes, storable
from memory.query.views import Where


@dataclass(frozen=True, slots=True)
class Extent:
    """What a read is about: memories that lie within `scope`, meet the condition and are covered by
    one of `scopes`.

    The `scopes` name the owners. `owner_hashes` are all of these owners. It is None if every owner
    of the project may be one.
    """

    project: Project
    scope: Scope
    condition: Condition
    scopes: tuple[Scope, ...]
    owner_hashes: Sequence[str] | None

    @property
    def slots(self) -> list[str]:
        """The slots of the owners. There are none if the owners are not known."""
        return [self.project.slot(owner_hash) for owner_hash in self.owner_hashes or ()]

    @property
    def tenants(self) -> list[str]:
        if self.owner_hashes is None:
            return self.project.tenants()
        return sorted({self.project.tenant(owner_hash) for owner_hash in self.owner_hashes})

    def where(self) -> Where:
        """What versions in the index must match, at any instant."""
        where = Where()
        if self.owner_hashes is not None and all(scope.user_id for scope in self.scopes):
            where = where.also("owner", *(str(scope.owner) for scope in self.scopes))
        for field, value in self.scope.given().items():
            where = where.also(field, value)
        return where.narrowed(storable(self.condition))

    def covers(self, memory: Memory) -> bool:
        """Whether the read is about a memory of the project, as the record knew it."""
        return self.scope.covers(memory.scope) and (
            self.condition == EVERYTHING or meets(self.condition, memory)
        )


def bounded(
    project: Project, scope: Scope, condition: Condition
) -> tuple[Scope, tuple[Scope, ...]]:
    """The scope within the project, and the scopes that name its owners. An empty scope among these
    names all owners.

    Raises ScopeRequired if the scope names no entity and some branch of the condition names none
    either. Raises Forbidden if one of them names another user than the one that the project is
    bound to.
    """
    named = scopes(condition)
    if project.user_id is not None:
        for branch in named:
            if branch.user_id not in (None, ANY, project.user_id):
                raise Forbidden("this key is for another user_id")
    if project.user_id is not None or scope.given() or condition == EVERYTHING:
        scope = project.narrow(scope)
        return scope, (scope,)
    if Scope() in named:
        raise ScopeRequired(f"every branch of filters must name one of {NAMES_OF_SCOPES}")
    return scope, _certain(named)


def _certain(named: Iterable[Scope]) -> tuple[Scope, ...]:
    """The scopes with only those fields that name one id."""
    certain = (
        {name: value for name, value in scope.given().items() if value != ANY} for scope in named
    )
    return tuple(dict.fromkeys(Scope(**fields) for fields in certain))
