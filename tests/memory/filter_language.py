"""The filter language a second time: what it says, in plain Python, and random sentences of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from memory.domain.memory import Memory, NewMemory, Scope

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
FIRST_DAY = (datetime(2026, 3, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
NAMES = {"user_id": "user_id", "agent_id": "agent_id", "app_id": "app_id", "run_id": "session_id"}
WORDS = ["green tea", "Black TEA", "straße", "coffee", "a walk"]
USERS = ["ann", "bob", "ANN"]
CATEGORIES = ["food", "Travel", "travel plans", "*"]
SCALARS: list[Any] = [None, True, False, 0, 1, 1.0, 2.5, -3, "1", "tea", "Green Tea", ""]
OBJECTS: list[Any] = [{"a": 1}, {"a": 1.0}, {"a": True}, {"a": [1, 2]}, ["tea", 1], [["tea"]], []]
DATES = ["2026-03-01", "2026-03-02", "2026-03-04", "2026-03-05"]
INSTANTS = ["2026-03-02T00:00:00Z", "2026-03-02T12:00:00+02:00", "2026-03-04T00:00:00.000001"]


def holds(filters: Mapping[str, Any], memory: Memory) -> bool:
    """Whether a memory is one that the filters mean."""
    return all(_holds(name, value, memory) for name, value in filters.items())


def _holds(name: str, value: Any, memory: Memory) -> bool:
    inner = value if isinstance(value, list) else [value]
    match name:
        case "AND":
            return all(holds(each, memory) for each in inner)
        case "OR":
            return any(holds(each, memory) for each in inner)
        case "NOT":
            return not any(holds(each, memory) for each in inner)
        case "metadata":
            return all(_entry(memory.metadata, key, each) for key, each in value.items())
        case "memory_ids":
            return memory.id in (value if isinstance(value, list) else value["in"])
        case "text" | "keywords":
            return _words(value, memory.content)
        case "categories":
            return _categories(value, memory.categories)
    return _field(name, value, memory)


def _field(name: str, value: Any, memory: Memory) -> bool:
    operators = value if isinstance(value, dict) else {"eq": value}
    if name in NAMES:
        held = getattr(memory.scope, NAMES[name])
        return all(_entity(held, how, other) for how, other in operators.items())
    instant, last_day = memory.valid_from, memory.valid_from
    if name == "updated_at":
        instant = last_day = memory.recorded_at
    if name == "expiration_date":
        end = None if memory.superseded_by else memory.valid_to
        if value is None or value == "*":
            return (end is None) == (value is None)
        if end is None:
            return all(how in ("ne", "nin") for how in operators)
        instant, last_day = end, end - 1
    return all(_date(instant, last_day, how, other) for how, other in operators.items())


def _entity(held: str | None, how: str, other: Any) -> bool:
    if how in ("in", "nin"):
        return any(_entity(held, "eq", each) for each in other) == (how == "in")
    same = held is not None if other == "*" else held == other
    return same == (how == "eq")


def _date(instant: int, last_day: int, how: str, other: Any) -> bool:
    if how in ("in", "nin"):
        return any(_date(instant, last_day, "eq", each) for each in other) == (how == "in")
    this: Any = EPOCH + timedelta(microseconds=instant)
    if isinstance(other, str) and len(other) == 10:
        this = (EPOCH + timedelta(microseconds=last_day)).date()
        other = date.fromisoformat(other)
    else:
        other = datetime.fromisoformat(other)
        other = other.replace(tzinfo=UTC) if other.tzinfo is None else other
    return {
        "eq": this == other,
        "ne": this != other,
        "gt": this > other,
        "gte": this >= other,
        "lt": this < other,
        "lte": this <= other,
    }[how]


def _words(value: Any, text: str) -> bool:
    operators = value if isinstance(value, dict) else {"icontains": value}
    return all(
        part in text if how == "contains" else part.casefold() in text.casefold()
        for how, part in operators.items()
    )


def _categories(value: Any, held: tuple[str, ...]) -> bool:
    if not isinstance(value, dict):
        value = {"in": value if isinstance(value, list) else [value]}
    return all(_category(how, other, held) for how, other in value.items())


def _category(how: str, other: Any, held: tuple[str, ...]) -> bool:
    if how == "contains":
        return any(other.casefold() in each.casefold() for each in held)
    any_of = not set(held).isdisjoint(other if isinstance(other, list) else [other])
    return any_of == (how in ("in", "eq"))


def _entry(metadata: Mapping[str, Any], key: str, value: Any) -> bool:
    known = {"eq", "ne", "in", "nin", "contains", "icontains", "gt", "gte", "lt", "lte"}
    if not isinstance(value, dict) or not known & set(value):
        value = {"eq": value}
    return all(_compared(metadata, key, how, other) for how, other in value.items())


def _compared(metadata: Mapping[str, Any], key: str, how: str, other: Any) -> bool:
    if how in ("ne", "nin"):
        return not _compared(metadata, key, {"ne": "eq", "nin": "in"}[how], other)
    if key not in metadata:
        return False
    held = metadata[key]
    if how == "in":
        return any(_compared(metadata, key, "eq", each) for each in other)
    if how == "eq":
        if isinstance(other, dict | list):
            return _typed(held) == _typed(other)
        return _among(other, held if isinstance(held, list) else [held])
    if how in ("contains", "icontains"):
        return _contains(held, other, how == "icontains")
    numbers = all(type(each) in (int, float) for each in (held, other))
    if not numbers and not (isinstance(held, str) and isinstance(other, str)):
        return False
    return {"gt": held > other, "gte": held >= other, "lt": held < other, "lte": held <= other}[how]


def _contains(held: Any, part: Any, fold: bool) -> bool:
    if isinstance(held, list):
        return _among(part, held) or (
            fold
            and isinstance(part, str)
            and part.casefold() in [each.casefold() for each in held if isinstance(each, str)]
        )
    if not isinstance(held, str) or not isinstance(part, str):
        return False
    return part.casefold() in held.casefold() if fold else part in held


def _among(value: Any, held: list[Any]) -> bool:
    return _typed(value) in [_typed(each) for each in held if not isinstance(each, dict | list)]


def _typed(value: Any) -> Any:
    """True is not 1, but 1 is 1.0."""
    if isinstance(value, list):
        return [_typed(each) for each in value]
    if isinstance(value, dict):
        return {key: _typed(each) for key, each in value.items()}
    return (isinstance(value, bool), value)


def _entities(name: str, ids: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from([*ids, "*", None, "nobody"])
    some = st.lists(st.sampled_from([*ids, "nobody"]), max_size=3)
    operators = st.one_of(
        st.builds(lambda how, each: {how: each}, st.sampled_from(["eq", "ne"]), one),
        st.builds(lambda how, each: {how: each}, st.sampled_from(["in", "nin"]), some),
    )
    return st.builds(lambda value: {name: value}, one | operators)


def _times(name: str) -> st.SearchStrategy[dict[str, Any]]:
    one = st.sampled_from([*DATES, *INSTANTS])
    comparisons = st.sampled_from(["gt", "gte", "lt", "lte", "ne", "eq"])
    bounds = st.dictionaries(comparisons, one, min_size=1)
    some = st.builds(
        lambda how, each: {how: each},
        st.sampled_from(["in", "nin"]),
        st.lists(one, max_size=3),
    )
    special = st.sampled_from([None, "*"]) if name == "expiration_date" else one
    return st.builds(lambda value: {name: value}, one | bounds | some | special)


_word = st.sampled_from(["tea", "TEA", "black", "STRASSE", "straße", "coffee", " "])
_content = st.builds(
    lambda name, value: {name: value},
    st.sampled_from(["text", "keywords"]),
    _word | st.dictionaries(st.sampled_from(["contains", "icontains"]), _word, min_size=1),
)
_category_names = st.sampled_from([*CATEGORIES, "TRAVEL", "el"])
_categories_of = st.builds(
    lambda value: {"categories": value},
    st.one_of(
        _category_names,
        st.lists(_category_names, min_size=1, max_size=3),
        st.builds(lambda each: {"contains": each}, _category_names),
        st.builds(lambda how, each: {how: each}, st.sampled_from(["eq", "ne"]), _category_names),
        st.builds(
            lambda how, each: {how: each},
            st.sampled_from(["in", "nin"]),
            st.lists(_category_names, max_size=3),
        ),
    ),
)
_scalar = st.sampled_from(SCALARS)
_anything = st.sampled_from([*SCALARS, *OBJECTS])
_comparable = st.sampled_from([0, 1, 2.5, "1", "tea"])
_metadata = st.builds(
    lambda entries: {"metadata": entries},
    st.dictionaries(
        st.sampled_from(["k", "n", "odd key="]),
        st.one_of(
            _anything,
            st.builds(lambda how, each: {how: each}, st.sampled_from(["eq", "ne"]), _anything),
            st.builds(
                lambda how, each: {how: each},
                st.sampled_from(["in", "nin"]),
                st.lists(_anything, max_size=3),
            ),
            st.builds(
                lambda how, each: {how: each}, st.sampled_from(["contains", "icontains"]), _scalar
            ),
            st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), _comparable, min_size=1),
        ),
        min_size=1,
        max_size=2,
    ),
)
NAMING = st.one_of(_entities("user_id", USERS), _entities("agent_id", ["bot"]))
_leaf = st.one_of(
    NAMING,
    _entities("app_id", ["shop"]),
    _entities("run_id", ["s1", "s2"]),
    *(_times(each) for each in ("created_at", "timestamp", "updated_at", "expiration_date")),
    _content,
    _categories_of,
    _metadata,
)
_object = st.builds(lambda one, other: {**one, **other}, _leaf, _leaf | st.just({}))
FILTERS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    _object,
    lambda inner: st.one_of(
        st.builds(
            lambda how, parts: {how: parts},
            st.sampled_from(["AND", "OR", "NOT"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda part: {"NOT": part}, inner),
        st.builds(lambda part, sibling: {"OR": [part], **sibling}, inner, _leaf),
    ),
    max_leaves=6,
)
DRAFTS: st.SearchStrategy[NewMemory] = st.builds(
    lambda content, scope, metadata, categories, begun, lasts: NewMemory(
        content=content,
        scope=scope,
        metadata=metadata,
        categories=tuple(categories),
        valid_from=FIRST_DAY + begun,
        valid_to=None if lasts is None else FIRST_DAY + begun + lasts,
        dedup=False,
    ),
    content=st.sampled_from(WORDS),
    scope=st.builds(
        Scope,
        user_id=st.sampled_from([*USERS, None]),
        agent_id=st.sampled_from(["bot", None]),
        app_id=st.sampled_from(["shop", None]),
        session_id=st.sampled_from(["s1", "s2"]) | st.none(),
    ).filter(lambda scope: bool(scope.given())),
    metadata=st.dictionaries(st.sampled_from(["k", "n", "odd key="]), _anything, max_size=2),
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True),
    begun=st.sampled_from([0, 1, DAY - 1, DAY, 3 * DAY, 3 * DAY + 1, 4 * DAY]),
    lasts=st.sampled_from([None, None, 1, DAY - 1, DAY, DAY + 1, 40_000 * DAY]),
)
