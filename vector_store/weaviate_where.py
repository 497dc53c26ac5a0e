"""A Where as Weaviate's filters.

A negation matches all that the filters beside it do not exclude, even numbers of objects that are
gone. So a negation never stands alone here.
"""

from __future__ import annotations

from weaviate.classes.query import Filter, FilterReturn

from memory.query.conditions import EVERYTHING, Condition, Every, Is, Not, Present, Some, Within
from memory.query.views import Snapshot, Where
from vector_store.weaviate_schema import OPEN_END

_ALL = Filter.by_property("valid_from").greater_or_equal(-OPEN_END)
_NONE = Filter.by_property("valid_from").less_than(-OPEN_END)


def conditions(where: Where) -> FilterReturn | None:
    """What Weaviate must match. None matches everything."""
    clauses = [_is(name, values) for name, values in where.clauses]
    if where.open:
        clauses.append(Filter.by_property("open").equal(True))
    if where.snapshot is not None:
        clauses += _shown(where.snapshot)
    if where.condition != EVERYTHING:
        clauses += [_condition(where.condition), *([] if clauses else [_ALL])]
    return Filter.all_of(clauses) if clauses else None


def _shown(snapshot: Snapshot) -> list[FilterReturn]:
    clauses: list[FilterReturn] = [Filter.by_property("valid_from").less_or_equal(snapshot.as_of)]
    if not snapshot.ended:
        clauses.append(Filter.by_property("valid_to").greater_than(snapshot.as_of))
    if snapshot.known_at is None:
        clauses.append(Filter.by_property("retracted_at").greater_or_equal(OPEN_END))
    else:
        clauses.append(Filter.by_property("recorded_at").less_or_equal(snapshot.known_at))
        clauses.append(Filter.by_property("retracted_at").greater_than(snapshot.known_at))
    return clauses


def _condition(condition: Condition) -> FilterReturn:
    match condition:
        case Every(parts):
            return Filter.all_of([_condition(each) for each in parts]) if parts else _ALL
        case Some(parts):
            return Filter.any_of([_condition(each) for each in parts]) if parts else _NONE
        case Not(part):
            return Filter.not_(_condition(part))
        case Is(field, values):
            return _is(field, values)
        case Present(field):
            return Filter.by_property(field).like("*")
        case Within(field, low, high):
            return _within(field, low, high)
    raise ValueError(f"no condition on objects: {condition!r}")


def _is(field: str, values: tuple[str, ...]) -> FilterReturn:
    if not values:
        return _NONE
    return Filter.by_property("tags" if field == "metadata_token" else field).contains_any(
        list(values)
    )


def _within(field: str, low: int | None, high: int | None) -> FilterReturn:
    """An end that is None is stored as OPEN_END, which lies in no interval."""
    instant = Filter.by_property(field)
    below = instant.less_than(OPEN_END if high is None else min(high, OPEN_END))
    return below if low is None else Filter.all_of([instant.greater_or_equal(low), below])
