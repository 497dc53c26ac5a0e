"""A Where as SQL: a condition on the rows `points p` of a tenant's file, and its bound values.

No value is ever part of the SQL. An absent field is NULL, and a comparison with it is neither true
nor false. So a negation is `IS NOT TRUE`, which is true of an absent field as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Sized
from typing import TypeAlias

from memory.domain.memory import SCOPE_FIELDS
from memory.query.conditions import EVERYTHING, Condition, Every, Is, Not, Present, Some, Within
from memory.query.views import Snapshot, Where

Bound: TypeAlias = list[str | int]

_FIELDS = frozenset({"owner", *SCOPE_FIELDS, "memory_id"})
_INSTANTS = frozenset({"valid_from", "valid_to", "recorded_at"})
# Fields that usually match rows of many owners, or all rows of one owner.
_SHARED = frozenset({"user_id", "agent_id", "app_id"})
# Values that are bound one by one. SQLite binds at most 32,766, so a longer list is bound as one
# value, in JSON. That is as fast, and exact for every text without NUL
# (deployments.api.schemas.limits).
_MOST_MARKS = 100


def rows_where(where: Where) -> tuple[str, Bound]:
    """A condition that SQLite finds true of the rows, and the values bound in it, in order."""
    clauses, bound = ["1"], Bound()
    owned = any(name == "owner" for name, _ in where.clauses)
    for name, values in where.clauses:
        # The plus keeps SQLite from reading the rows of everybody who uses the same agent or app.
        plus = "+" if owned and name in _SHARED else ""
        clauses.append(_is(name, values, bound, plus))
    if where.open:
        clauses.append("p.open = 1")
    if where.snapshot is not None:
        clauses += _shown(where.snapshot, bound)
    if where.condition != EVERYTHING:
        clauses.append(_condition(where.condition, bound, "+" if owned else ""))
    return " AND ".join(clauses), bound


def marks(values: Sized) -> str:
    """A question mark for each value."""
    return ", ".join("?" * len(values))


def scope_field(name: str) -> str:
    """The name. Raises ValueError if it is no scope field: names are part of the SQL."""
    if name not in SCOPE_FIELDS:
        raise ValueError(f"no scope field is called {name!r}")
    return name


def _shown(snapshot: Snapshot, bound: Bound) -> list[str]:
    clauses = ["p.valid_from <= ?"]
    bound.append(snapshot.as_of)
    if not snapshot.ended:
        clauses.append("(p.valid_to IS NULL OR p.valid_to > ?)")
        bound.append(snapshot.as_of)
    if snapshot.known_at is None:
        clauses.append("p.retracted_at IS NULL")
    else:
        clauses.append("p.recorded_at <= ? AND (p.retracted_at IS NULL OR p.retracted_at > ?)")
        bound += [snapshot.known_at, snapshot.known_at]
    return clauses


def _condition(condition: Condition, bound: Bound, plus: str) -> str:
    """A condition as an expression in brackets. `plus` keeps SQLite from using its indexes."""
    match condition:
        case Every(parts):
            return f"({' AND '.join(_condition(each, bound, plus) for each in parts) or '1'})"
        case Some(parts):
            return f"({' OR '.join(_condition(each, bound, plus) for each in parts) or '0'})"
        case Not(part):
            return f"({_condition(part, bound, plus)} IS NOT TRUE)"
        case Is(field, values):
            return f"({_is(field, values, bound, plus)})"
        case Present(field):
            return f"({plus}p.{scope_field(field)} IS NOT NULL)"
        case Within(field, low, high) if field in _INSTANTS:
            return f"({_within(field, low, high, bound)})"
    raise ValueError(f"no condition on rows: {condition!r}")


def _is(field: str, values: Sequence[str], bound: Bound, plus: str) -> str:
    if field == "metadata_token":
        return f"EXISTS (SELECT 1 FROM tags WHERE id = p.id AND tag IN {_list(values, bound)})"
    if field not in _FIELDS:
        raise ValueError(f"no field is called {field!r}")
    return f"{plus}p.{field} IN {_list(values, bound)}"


def _within(field: str, low: int | None, high: int | None, bound: Bound) -> str:
    clauses = [f"p.{field} IS NOT NULL"]
    for comparison, instant in ((">=", low), ("<", high)):
        if instant is not None:
            clauses.append(f"p.{field} {comparison} ?")
            bound.append(instant)
    return " AND ".join(clauses)


def _list(values: Sequence[str], bound: Bound) -> str:
    if len(values) > _MOST_MARKS:
        bound.append(json.dumps(values))
        return "(SELECT value FROM json_each(?))"
    bound += values
    return f"({marks(values)})"
