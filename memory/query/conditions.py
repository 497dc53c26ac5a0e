"""Which memories a read asks for: a tree of conditions.

`meets` judges exactly whether a memory, as the record knows it, meets a condition. A vector store
knows less of a memory. So `storable` relaxes a tree to what every store can evaluate, and loses no
memory that meets the tree. `exact` says whether nothing had to be relaxed. `scopes` says whose
memories a condition is about.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial, reduce
from itertools import product
from typing import Any, Literal, TypeAlias

from memory.domain.memory import SCOPE_FIELDS, Memory, Scope
from memory.domain.metadata_tokens import metadata_tokens, scalars

# In a scope of `scopes`: any id. No entity is called so (deployments.api.schemas.limits).
ANY = "*"
# Of one condition. A condition that would need more of them is covered by fewer, wider ones.
MOST_SCOPES = 1_000


@dataclass(frozen=True, slots=True)
class Every:
    """Holds if all of the parts hold. Without parts it holds of every memory."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """Holds if at least one of the parts holds. Without parts it holds of no memory."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Is:
    """The field is one of the values, byte for byte.

    Fields are `owner`, the scope fields, `memory_id` and `metadata_token`
    (memory.domain.metadata_tokens). A memory may have several metadata tokens: one of them must be
    one of the values.
    """

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """The memory names an entity in this scope field."""

    field: str


@dataclass(frozen=True, slots=True)
class Within:
    """The memory has the instant, and it lies in [low, high), microseconds. A bound of None does
    not limit. Fields are valid_from, valid_to and recorded_at."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Expires:
    """The memory ends by itself, not by a successor, at an instant in [low, high)."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Holds:
    """The content, a category or the metadata under `key` contains `part`: as a part of a text, or
    as an element of a list. With `fold` case makes no difference."""

    place: Literal["content", "categories", "metadata"]
    part: Any
    fold: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Compares:
    """The metadata under `key` is of the same kind as the value, number or text, and compares to it
    as `how` says."""

    key: str
    how: Literal["gt", "gte", "lt", "lte"]
    value: float | str


@dataclass(frozen=True, slots=True)
class Equals:
    """The metadata under `key` is this object or list."""

    key: str
    value: Any


Condition: TypeAlias = (
    "Every | Some | Not | Is | Present | Within | Expires | Holds | Compares | Equals"
)
EVERYTHING, NOTHING = Every(), Some()
# Meets every memory of a project, because every memory names an entity.
SOMEBODY = Some(tuple(Present(field) for field in SCOPE_FIELDS))

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def every(parts: Iterable[Condition]) -> Condition:
    """The condition that all of the parts hold, in the simplest form."""
    kept = tuple(part for part in parts if part != EVERYTHING)
    if NOTHING in kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else Every(kept)


def some(parts: Iterable[Condition]) -> Condition:
    """The condition that at least one of the parts holds, in the simplest form."""
    kept = tuple(part for part in parts if part != NOTHING)
    if EVERYTHING in kept:
        return EVERYTHING
    return kept[0] if len(kept) == 1 else Some(kept)


def no(part: Condition) -> Condition:
    """The condition that the part does not hold, in the simplest form."""
    if part == EVERYTHING:
        return NOTHING
    if part == NOTHING:
        return EVERYTHING
    return part.part if isinstance(part, Not) else Not(part)


def meets(condition: Condition, memory: Memory) -> bool:
    """Whether the memory is what the condition asks for."""
    return _meets(condition, memory, cache(partial(_tokens_of, memory)))


def storable(condition: Condition) -> Condition:
    """What the stores can evaluate of a condition: a tree of Every, Some, Not, Is, Present and
    Within. It holds of every memory that meets the condition."""
    return _bound(condition, above=True)


def exact(condition: Condition) -> bool:
    """Whether only memories that meet the condition meet the storable one."""
    match condition:
        case Every(parts) | Some(parts):
            return all(map(exact, parts))
        case Not(part):
            return exact(part)
    return isinstance(condition, Is | Present | Within)


def scopes(condition: Condition) -> tuple[Scope, ...]:
    """Scopes that together cover every memory that meets the condition, one for each branch.

    A field is ANY if the branch only asks that the field be there. The scope is empty if the branch
    names no entity, or names one in a negation only.
    """
    match condition:
        case Is(field, values) if field in SCOPE_FIELDS and len(values) <= MOST_SCOPES:
            return tuple(Scope(**{field: value}) for value in values)
        case Present(field):
            return (Scope(**{field: ANY}),)
        case Some(parts):
            return tuple(dict.fromkeys(scope for part in parts for scope in scopes(part)))
        case Every(parts):
            return reduce(_joined, map(scopes, parts), (Scope(),))
    return (Scope(),)


def everybody(condition: Condition) -> bool:
    """Whether the condition is about entities of every kind, whoever they are."""
    alone = [scope.given() for scope in scopes(condition) if len(scope.given()) == 1]
    return {name for given in alone for name, value in given.items() if value == ANY} == {
        *SCOPE_FIELDS
    }


def _joined(ones: tuple[Scope, ...], others: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Scopes of what both groups cover. If these would be too many, one of the groups is answered:
    it covers the same and more."""
    if len(ones) * len(others) > MOST_SCOPES:
        return min(ones, others, key=lambda group: (Scope() in group, len(group)))
    joined = (_both(one, other) for one, other in product(ones, others))
    return tuple(dict.fromkeys(scope for scope in joined if scope is not None))


def _both(one: Scope, other: Scope) -> Scope | None:
    """The scope of what both scopes cover. None if no memory can be covered by both."""
    fields: dict[str, str] = {}
    for name, value in [*one.given().items(), *other.given().items()]:
        if fields.get(name, ANY) not in (ANY, value) and value != ANY:
            return None
        if fields.get(name, ANY) == ANY:
            fields[name] = value
    return Scope(**fields)


def _bound(condition: Condition, above: bool) -> Condition:
    """A storable condition. If it is to lie `above`, every memory that meets the condition meets
    it. Otherwise every memory that meets it meets the condition."""
    match condition:
        case Every(parts):
            return every(_bound(part, above) for part in parts)
        case Some(parts):
            return some(_bound(part, above) for part in parts)
        case Not(part):
            return no(_bound(part, not above))
        case Is() | Present() | Within():
            return condition
        case Expires(low, high) if above:
            return Within("valid_to", low, high)
    return EVERYTHING if above else NOTHING


def _meets(condition: Condition, memory: Memory, tokens: Callable[[], frozenset[str]]) -> bool:
    match condition:
        case Every(parts):
            return all(_meets(part, memory, tokens) for part in parts)
        case Some(parts):
            return any(_meets(part, memory, tokens) for part in parts)
        case Not(part):
            return not _meets(part, memory, tokens)
        case Is("metadata_token", values):
            return not tokens().isdisjoint(values)
        case Is(field, values):
            return _text(field, memory) in values
        case Present(field):
            return bool(getattr(memory.scope, field))
        case Within(field, low, high):
            return _within(getattr(memory, field), low, high)
        case Expires(low, high):
            return memory.superseded_by is None and _within(memory.valid_to, low, high)
        case Holds(place, part, fold, key):
            return _holds(place, part, fold, key, memory)
        case Compares(key, how, value):
            return _compares(memory.metadata.get(key), how, value)
        case Equals(key, value):
            return key in memory.metadata and _same(memory.metadata[key], value)
    raise ValueError(f"no condition: {condition!r}")


def _tokens_of(memory: Memory) -> frozenset[str]:
    return frozenset(metadata_tokens(memory.metadata, memory.categories))


def _text(field: str, memory: Memory) -> str | None:
    if field == "owner":
        return str(memory.scope.owner)
    return memory.id if field == "memory_id" else getattr(memory.scope, field)


def _within(instant: int | None, low: int | None, high: int | None) -> bool:
    return (
        instant is not None and (low is None or low <= instant) and (high is None or instant < high)
    )


def _holds(place: str, part: Any, fold: bool, key: str, memory: Memory) -> bool:
    if place == "content":
        return _contains(memory.content, part, fold)
    if place == "categories":
        return any(_contains(category, part, fold) for category in memory.categories)
    value = memory.metadata.get(key)
    if isinstance(value, list):
        return any(_equal(scalar, part, fold) for scalar in scalars(value))
    return _contains(value, part, fold)


def _contains(text: Any, part: Any, fold: bool) -> bool:
    if not isinstance(text, str) or not isinstance(part, str):
        return False
    return part.casefold() in text.casefold() if fold else part in text


def _equal(value: Any, other: Any, fold: bool) -> bool:
    if fold and isinstance(value, str) and isinstance(other, str):
        return value.casefold() == other.casefold()
    return _same(value, other)


def _compares(value: Any, how: str, other: float | str) -> bool:
    if isinstance(value, bool):
        return False
    numbers = isinstance(value, int | float) and not isinstance(other, str)
    texts = isinstance(value, str) and isinstance(other, str)
    return (numbers or texts) and _COMPARISONS[how](value, other)


def _same(one: Any, other: Any) -> bool:
    """Equality in JSON: 1 equals 1.0, and true equals neither."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
