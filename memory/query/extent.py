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
    """Every memory is within `scope`, meets the condition and is covered by one of `scopes`, which
    name the owners: `owner_hashes` are all of them, None where that is whoever the project has."""

    project: Project
    scope: Scope
    condition: Condition
    scopes: tuple[Scope, ...]
    owner_hashes: Sequence[str] | None

    @property
    def slots(self) -> list[str]:
        """Of the owners; none where they are not known."""
        return [self.project.slot(owner_hash) for owner_hash in self.owner_hashes or ()]

    @property
    def tenants(self) -> list[str]:
        if self.owner_hashes is None:
            return self.project.tenants()
        return sorted({self.project.tenant(owner_hash) for owner_hash in self.owner_hashes})

    def where(self) -> Where:
        """What the index must match, at any time."""
        where = Where()
        if self.owner_hashes is not None and all(each.user_id for each in self.scopes):
            where = where.also("owner", *(str(each.owner) for each in self.scopes))
        for field, value in self.scope.given().items():
            where = where.also(field, value)
        return where.narrowed(storable(self.condition))

    def covers(self, memory: Memory) -> bool:
        """Whether a memory of the project, as the record knew it, is one of these."""
        return self.scope.covers(memory.scope) and (
            self.condition == EVERYTHING or meets(self.condition, memory)
        )


def bounded(
    project: Project, scope: Scope, condition: Condition
) -> tuple[Scope, tuple[Scope, ...]]:
    """The scope within the project, and the scopes that name its owners; an empty one of these
    names them all. Raises ScopeRequired where neither the scope nor every branch of the condition
    names an entity, Forbidden where one is a user that the project is not bound to."""
    named = scopes(condition)
    if project.user_id is not None:
        for each in named:
            if each.user_id not in (None, ANY, project.user_id):
                raise Forbidden("this key is for another user_id")
    if project.user_id is not None or scope.given() or condition == EVERYTHING:
        scope = project.narrow(scope)
        return scope, (scope,)
    if Scope() in named:
        raise ScopeRequired(f"every branch of filters must name one of {NAMES_OF_SCOPES}")
    return scope, _certain(named)


def _certain(named: Iterable[Scope]) -> tuple[Scope, ...]:
    """The scopes by the fields whose value they tell."""
    told = ({name: value for name, value in each.given().items() if value != ANY} for each in named)
    return tuple(dict.fromkeys(Scope(**fields) for fields in told))
