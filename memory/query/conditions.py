"""What a memory must be like to be asked for: a tree of conditions.

`meets` says it exactly, of a memory as the record knows it. A vector store knows less of it:
`storable` relaxes a tree to what every store can evaluate, so that no memory that meets the tree is
lost, and `exact` says whether nothing had to be relaxed. `scopes` says whose memories it is about.
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

ANY = "*"
"""In a scope of `scopes`: any id. No entity is called so (deployments.api.schemas.limits)."""
MOST_SCOPES = 1_000


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts; without parts everything."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of the parts; without parts nothing."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Is:
    """The field is one of the values, byte for byte. Fields are `owner`, the scope fields,
    `memory_id` and `metadata_token` (memory.domain.metadata_tokens); a memory may have several of
    the last."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """The memory names an entity in this scope field."""

    field: str


@dataclass(frozen=True, slots=True)
class Within:
    """The instant is there and lies in [low, high), microseconds; None is without that bound.
    Fields are valid_from, valid_to and recorded_at."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Expires:
    """The memory has an end of its own, not one that a successor put to it, in [low, high)."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Holds:
    """The text, a category or the metadata under `key` contains `part`: as a part of a text, or as
    an element of a list. `fold` takes no notice of case."""

    place: Literal["content", "categories", "metadata"]
    part: Any
    fold: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Compares:
    """The metadata under `key` is there, of the value's kind (number or text), and compares so."""

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
SOMEBODY = Some(tuple(Present(field) for field in SCOPE_FIELDS))
"""Every memory of a project: each names an entity."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def every(parts: Iterable[Condition]) -> Condition:
    """All of them, in the simplest form."""
    kept = tuple(each for each in parts if each != EVERYTHING)
    if NOTHING in kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else Every(kept)


def some(parts: Iterable[Condition]) -> Condition:
    """Any of them, in the simplest form."""
    kept = tuple(each for each in parts if each != NOTHING)
    if EVERYTHING in kept:
        return EVERYTHING
    return kept[0] if len(kept) == 1 else Some(kept)


def no(part: Condition) -> Condition:
    """Its opposite, in the simplest form."""
    if part == EVERYTHING:
        return NOTHING
    if part == NOTHING:
        return EVERYTHING
    return part.part if isinstance(part, Not) else Not(part)


def meets(condition: Condition, memory: Memory) -> bool:
    """Whether the memory is what the condition asks for."""
    return _meets(condition, memory, cache(partial(_tags, memory)))


def storable(condition: Condition) -> Condition:
    """What the stores can evaluate of it, a tree of Every, Some, Not, Is, Present and Within: true
    of every memory that meets the condition."""
    return _bound(condition, above=True)


def exact(condition: Condition) -> bool:
    """Whether `storable` lets through nothing else."""
    match condition:
        case Every(parts) | Some(parts):
            return all(map(exact, parts))
        case Not(part):
            return exact(part)
    return isinstance(condition, Is | Present | Within)


def scopes(condition: Condition) -> tuple[Scope, ...]:
    """Scopes that together cover every memory that meets the condition, one a branch of it. A
    field is ANY where the branch only asks that it be there; a branch that names no entity, by a
    negation or not at all, has an empty scope."""
    match condition:
        case Is(field, values) if field in SCOPE_FIELDS and len(values) <= MOST_SCOPES:
            return tuple(Scope(**{field: value}) for value in values)
        case Present(field):
            return (Scope(**{field: ANY}),)
        case Some(parts):
            return tuple(dict.fromkeys(each for part in parts for each in scopes(part)))
        case Every(parts):
            return reduce(_joined, map(scopes, parts), (Scope(),))
    return (Scope(),)


def everybody(condition: Condition) -> bool:
    """Whether it is about entities of every kind, whoever they are."""
    alone = [each.given() for each in scopes(condition) if len(each.given()) == 1]
    return {name for given in alone for name, who in given.items() if who == ANY} == {*SCOPE_FIELDS}


def _joined(ones: tuple[Scope, ...], others: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Scopes of what is covered by both; either of them alone covers it as well."""
    if len(ones) * len(others) > MOST_SCOPES:
        return min(ones, others, key=lambda each: (Scope() in each, len(each)))
    both = (_both(one, other) for one, other in product(ones, others))
    return tuple(dict.fromkeys(each for each in both if each is not None))


def _both(one: Scope, other: Scope) -> Scope | None:
    """None where no memory can be covered by both."""
    fields: dict[str, str] = {}
    for name, value in [*one.given().items(), *other.given().items()]:
        if fields.get(name, ANY) not in (ANY, value) and value != ANY:
            return None
        if fields.get(name, ANY) == ANY:
            fields[name] = value
    return Scope(**fields)


def _bound(condition: Condition, above: bool) -> Condition:
    """A storable condition that holds of no fewer memories, or, not `above`, of no more."""
    match condition:
        case Every(parts):
            return every(_bound(each, above) for each in parts)
        case Some(parts):
            return some(_bound(each, above) for each in parts)
        case Not(part):
            return no(_bound(part, not above))
        case Is() | Present() | Within():
            return condition
        case Expires(low, high) if above:
            return Within("valid_to", low, high)
    return EVERYTHING if above else NOTHING


def _meets(condition: Condition, memory: Memory, held: Callable[[], frozenset[str]]) -> bool:
    match condition:
        case Every(parts):
            return all(_meets(each, memory, held) for each in parts)
        case Some(parts):
            return any(_meets(each, memory, held) for each in parts)
        case Not(part):
            return not _meets(part, memory, held)
        case Is("metadata_token", values):
            return not held().isdisjoint(values)
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


def _tags(memory: Memory) -> frozenset[str]:
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
        return any(_contains(each, part, fold) for each in memory.categories)
    value = memory.metadata.get(key)
    if isinstance(value, list):
        return any(_equal(each, part, fold) for each in scalars(value))
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
    """Equality of JSON: 1 is 1.0, and true is neither."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
