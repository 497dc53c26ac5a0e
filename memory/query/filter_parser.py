"""The language of `filters`: JSON that says which memories are meant. It is read as a condition.

All keys of an object must hold. AND and OR take an object or a list of objects. NOT takes an object
or a list of objects, of which none may hold. Every other key is a field. It takes a value, or an
object of operators, which must all hold. docs/filters.md explains the language to its users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from math import isfinite
from typing import Any

from memory.domain.clock import DAY, EARLIEST, LATEST, SECOND, parse_instant
from memory.domain.errors import InvalidInput
from memory.domain.metadata_tokens import category_token, value_token
from memory.query.conditions import (
    Compares,
    Condition,
    Equals,
    Every,
    Expires,
    Holds,
    Is,
    Not,
    Present,
    Some,
    Within,
    every,
    no,
    some,
)

# How deep AND, OR and NOT may be nested.
MOST_LEVELS = 8
# Conditions in one filter. The stores evaluate each of them.
MOST_LEAVES = 200
# Values in one list.
MOST_VALUES = 1_000
# How deep all JSON in a filter, also the values of metadata, may be nested.
_MOST_JSON_LEVELS = 32

# JSON in this language.
Filters = Mapping[str, Any]
# Reads a value, or the operand of an operator.
Reader = Callable[[Any], Condition]


def parse(filters: Filters) -> Condition:
    """The condition that the filters stand for. Empty filters stand for every memory.

    Raises InvalidInput for an unknown field or operator, for a value of the wrong kind, and for
    filters over a limit. The message names the fields or operators that are known.
    """
    _check(filters)
    condition = _tree(filters, 0)
    if _leaves(condition) > MOST_LEAVES:
        raise InvalidInput(f"filters hold more than {MOST_LEAVES} conditions")
    return condition


def _tree(filters: Any, level: int) -> Condition:
    if not isinstance(filters, Mapping):
        raise InvalidInput("filters, and what AND, OR and NOT hold, are objects")
    if level > MOST_LEVELS:
        raise InvalidInput(f"filters are nested deeper than {MOST_LEVELS} levels")
    found: list[Condition] = []
    for name, value in filters.items():
        if name in _FIELDS:
            found.append(_FIELDS[name](name, value))
        elif name in _COMBINED:
            parts = value if isinstance(value, list) else [value]
            found.append(_COMBINED[name](_tree(part, level + 1) for part in parts))
        else:
            raise InvalidInput(f"unknown filter {name[:60]!r}; known are {_KNOWN}")
    return every(found)


def _entity(field: str, name: str, value: Any) -> Condition:
    def equal(value: Any) -> Condition:
        if value is None:
            return Not(Present(field))
        return Present(field) if value == "*" else Is(field, (_text(name, value),))

    return _read(name, value, equal, _equalities(name, equal))


def _memory_ids(name: str, value: Any) -> Condition:
    def equal(value: Any) -> Condition:
        return Is("memory_id", (_text(name, value),))

    operators = _equalities(name, equal)
    bare = operators["in"] if isinstance(value, list) else equal
    return _read(name, value, bare, operators)


def _instants(field: str, name: str, value: Any) -> Condition:
    def within(low: int | None = None, high: int | None = None) -> Condition:
        return Within(field, low, high)

    return _dates(name, value, within, partial(_span, name))


def _expiration(name: str, value: Any) -> Condition:
    """An expiration date is the last day on which the memory is valid. The memory ends at the
    following midnight at the latest."""

    def span(value: Any) -> tuple[int, int]:
        low, high = _span(name, value)
        return (low + 1, high + 1) if high - low == DAY else (low, high)

    if value is None:
        return Not(Expires())
    return Expires() if value == "*" else _dates(name, value, Expires, span)


def _dates(
    name: str,
    value: Any,
    within: Callable[[int | None, int | None], Condition],
    span: Callable[[Any], tuple[int, int]],
) -> Condition:
    def equal(value: Any) -> Condition:
        return within(*span(value))

    operators = _equalities(name, equal) | {
        "gt": lambda value: within(span(value)[1], None),
        "gte": lambda value: within(span(value)[0], None),
        "lt": lambda value: within(None, span(value)[0]),
        "lte": lambda value: within(None, span(value)[1]),
    }
    return _read(name, value, equal, operators)


def _content(name: str, value: Any) -> Condition:
    def holds(fold: bool, part: Any) -> Condition:
        return Holds("content", _text(name, part), fold)

    folded = partial(holds, True)
    return _read(name, value, folded, {"contains": partial(holds, False), "icontains": folded})


def _categories(name: str, value: Any) -> Condition:
    def equal(value: Any) -> Condition:
        return Is("metadata_token", (category_token(_text(name, value)),))

    def holds(part: Any) -> Condition:
        return Holds("categories", _text(name, part), fold=True)

    operators = _equalities(name, equal) | {"contains": holds, "icontains": holds}
    if value == []:
        raise InvalidInput(f"filters.{name} is an empty list")
    bare = operators["in"] if isinstance(value, list) else equal
    return _read(name, value, bare, operators)


def _metadata(name: str, value: Any) -> Condition:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"filters.{name} is an object of metadata keys")
    return every(_entry(key, entry) for key, entry in value.items())


def _entry(key: str, value: Any) -> Condition:
    """A condition on the metadata under `key`. An object is read as operators if one of its keys is
    an operator, or looks like one."""
    name = f"metadata.{key[:60]}"

    def equal(value: Any) -> Condition:
        if isinstance(value, dict | list):
            return Equals(key, value)
        return Is("metadata_token", (value_token(key, value),))

    def holds(fold: bool, part: Any) -> Condition:
        if isinstance(part, dict | list):
            raise InvalidInput(f"filters.{name}: contains takes a single value")
        return Holds("metadata", part, fold, key)

    def compares(how: Any, other: Any) -> Condition:
        if isinstance(other, bool) or not isinstance(other, int | float | str):
            raise InvalidInput(f"filters.{name}: {how} takes a number or a text")
        return Compares(key, how, other)

    operators = _equalities(name, equal)
    operators |= {"contains": partial(holds, False), "icontains": partial(holds, True)}
    operators |= {how: partial(compares, how) for how in ("gt", "gte", "lt", "lte")}
    if isinstance(value, Mapping) and any(
        inner in operators or not (inner[:1].isalnum() or inner[:1] == "_") for inner in value
    ):
        return _read(name, value, equal, operators)
    return equal(value)


_COMBINED: dict[str, Callable[[Iterable[Condition]], Condition]] = {
    "AND": every,
    "OR": some,
    "NOT": lambda parts: no(some(parts)),
}
_ENTITIES = {
    "user_id": ("user_id", "userId"),
    "agent_id": ("agent_id", "agentId"),
    "app_id": ("app_id", "appId"),
    "session_id": ("run_id", "runId", "session_id", "sessionId"),
}
_INSTANTS = {"created_at": "valid_from", "timestamp": "valid_from", "updated_at": "recorded_at"}
_FIELDS: dict[str, Callable[[str, Any], Condition]] = {
    **{name: partial(_entity, field) for field, names in _ENTITIES.items() for name in names},
    **{name: partial(_instants, field) for name, field in _INSTANTS.items()},
    "expiration_date": _expiration,
    **dict.fromkeys(("text", "keywords", "keywords_search"), _content),
    "categories": _categories,
    "metadata": _metadata,
    "memory_ids": _memory_ids,
}
# What a key of filters may be.
KNOWN = frozenset(_FIELDS) | {"AND", "OR", "NOT"}
_KNOWN = ", ".join((*_COMBINED, *(name for name in _FIELDS if name == name.lower())))


def _read(name: str, value: Any, bare: Reader, operators: Mapping[str, Reader]) -> Condition:
    """The condition that a value stands for: `bare` reads a plain value, and `operators` read an
    object of operators."""
    if not isinstance(value, Mapping):
        return bare(value)
    unknown = [operator for operator in value if operator not in operators]
    if unknown or not value:
        given = repr(unknown[0][:60]) if unknown else "an empty object"
        known = ", ".join(operators)
        raise InvalidInput(f"filters.{name} has no operator {given}; known are {known}")
    return every(operators[operator](operand) for operator, operand in value.items())


def _equalities(name: str, equal: Reader) -> dict[str, Reader]:
    def among(values: Any) -> Condition:
        if not isinstance(values, list) or len(values) > MOST_VALUES:
            raise InvalidInput(f"filters.{name}: a list of at most {MOST_VALUES} values")
        return _any(map(equal, values))

    return {
        "eq": equal,
        "ne": lambda value: no(equal(value)),
        "in": among,
        "nin": lambda values: no(among(values)),
    }


def _any(conditions: Iterable[Condition]) -> Condition:
    """The condition that at least one of the conditions holds. The values of one field become one
    condition."""
    values: dict[str, list[str]] = {}
    rest: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Is):
            values.setdefault(condition.field, []).extend(condition.values)
        else:
            rest.append(condition)
    merged = [Is(field, tuple(dict.fromkeys(found))) for field, found in values.items()]
    return some((*merged, *rest))


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"filters.{name}: {str(value)[:60]!r} is no text, or an empty one")
    return value


def _span(name: str, value: Any) -> tuple[int, int]:
    """The interval [low, high) that a value stands for: the day of a date, or the microsecond of an
    instant."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        instant = round(value * SECOND)
        if not EARLIEST <= instant < LATEST:
            raise InvalidInput(f"filters.{name} must lie between the years 1700 and 2250")
        return instant, instant + 1
    instant = parse_instant(_text(name, value), f"filters.{name}")
    with suppress(ValueError):
        date.fromisoformat(value)
        return instant, instant + DAY
    return instant, instant + 1


def _leaves(condition: Condition) -> int:
    if isinstance(condition, Every | Some):
        return sum(map(_leaves, condition.parts))
    return _leaves(condition.part) if isinstance(condition, Not) else 1


def _check(filters: Any) -> None:
    """Refuse what no store can be asked. This is a loop and no recursion, because the caller
    chooses how deep the filters are nested."""
    todo: list[tuple[Any, int]] = [(filters, 1)]
    while todo:
        node, level = todo.pop()
        if isinstance(node, Mapping | list):
            if level > _MOST_JSON_LEVELS:
                raise InvalidInput("filters are nested too deep")
            children = [*node, *node.values()] if isinstance(node, Mapping) else node
            todo += [(child, level + 1) for child in children]
        elif isinstance(node, str):
            if "\x00" in node or any("\ud800" <= letter <= "\udfff" for letter in node):
                raise InvalidInput("filters hold a text that no memory can have")
        elif isinstance(node, float) and not isfinite(node):
            raise InvalidInput("numbers in filters must be finite")
        elif isinstance(node, int) and not -(2**63) <= node < 2**63:
            raise InvalidInput("integers in filters must fit into 64 bits")
