"""The filter language: which memories it means, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from memory.domain.errors import InvalidInput
from memory.domain.memory import Memory, Scope
from memory.query.conditions import meets, scopes
from memory.query.filter_parser import MOST_LEAVES, MOST_LEVELS, MOST_VALUES, parse

DAY = 86_400_000_000
MARCH_3 = 1_772_496_000_000_000
MEMORY = Memory(
    id="mem_0d5c7c1e6a0e8f0b9a552b1c6d9f1a10",
    content="Prefers Green tea",
    scope=Scope(user_id="alice", session_id="run 7"),
    metadata={"n": 3, "tags": ["a", "B"], "on": True, "deep": {"x": [1]}, "name": "Green Tea"},
    categories=("food", "Daily life"),
    valid_from=MARCH_3 + DAY // 2,
    valid_to=MARCH_3 + 10 * DAY,
    recorded_at=MARCH_3 + 2 * DAY,
)
MEANT: list[dict[str, Any]] = [
    {},
    {"user_id": "alice"},
    {"userId": "alice", "runId": "run 7"},
    {"session_id": "run 7"},
    {"run_id": "*", "agent_id": None},
    {"agent_id": {"ne": "bot"}},
    {"agent_id": {"nin": ["bot", "other"]}},
    {"user_id": {"in": ["bob", "alice"], "ne": "bob"}},
    {"AND": [{"user_id": "alice"}], "OR": [{"agent_id": "bot"}, {"run_id": "run 7"}]},
    {"AND": {"user_id": "alice"}},
    {"NOT": {"user_id": "bob"}},
    {"NOT": [{"user_id": "bob"}, {"agent_id": "*"}]},
    {"AND": []},
    {"created_at": "2026-03-03"},
    {"created_at": {"gte": "2026-03-03", "lt": "2026-03-04"}},
    {"created_at": {"lte": "2026-03-03"}},
    {"created_at": {"gt": "2026-03-02", "ne": "2026-03-02"}},
    {"created_at": {"gte": "2026-03-03T12:00:00Z", "lte": "2026-03-03T14:00:00+02:00"}},
    {"timestamp": {"in": ["2026-03-01", "2026-03-03"]}},
    {"timestamp": (MARCH_3 + DAY // 2) / 1e6},
    {"updated_at": "2026-03-05"},
    {"expiration_date": "2026-03-12"},
    {"expiration_date": {"gte": "2026-03-12", "lte": "2026-03-12"}},
    {"expiration_date": "*"},
    {"categories": "food"},
    {"categories": ["food", "other"]},
    {"categories": {"contains": "daily"}},
    {"categories": {"nin": ["travel"], "ne": "sports"}},
    {"metadata": {"n": 3.0, "on": True}},
    {"metadata": {"tags": "a"}},
    {"metadata": {"tags": {"contains": "B"}}},
    {"metadata": {"tags": ["a", "B"]}},
    {"metadata": {"deep": {"x": [1]}}},
    {"metadata": {"name": {"contains": "Tea"}}},
    {"metadata": {"name": {"icontains": "TEA"}}},
    {"metadata": {"n": {"gt": 2, "lte": 3}}},
    {"metadata": {"name": {"gte": "Green"}}},
    {"metadata": {"n": {"in": [1, 3]}, "missing": {"ne": 1}}},
    {"metadata": {"missing": {"nin": [1]}}},
    {"text": "green TEA"},
    {"keywords": {"contains": "Green", "icontains": "TEA"}},
    {"keywords_search": "prefers"},
    {"memory_ids": [MEMORY.id]},
    {"memory_ids": {"in": ["mem_other", MEMORY.id]}},
]
NOT_MEANT: list[dict[str, Any]] = [
    {"user_id": "Alice"},
    {"agent_id": "*"},
    {"run_id": None},
    {"OR": []},
    {"NOT": {}},
    {"user_id": {"in": []}},
    {"created_at": {"gt": "2026-03-03"}},
    {"created_at": {"lt": "2026-03-03"}},
    {"created_at": {"gt": "2026-03-03T12:00:00Z"}},
    {"expiration_date": "2026-03-13"},
    {"expiration_date": None},
    {"categories": {"in": ["Food"]}},
    {"metadata": {"n": "3"}},
    {"metadata": {"n": True}},
    {"metadata": {"on": 1}},
    {"metadata": {"on": {"gte": 0}}},
    {"metadata": {"n": {"gt": "2"}}},
    {"metadata": {"missing": {"gt": 0}}},
    {"metadata": {"missing": None}},
    {"metadata": {"tags": {"contains": "b"}}},
    {"metadata": {"deep": {"x": [1.5]}}},
    {"keywords": {"contains": "green"}},
    {"memory_ids": []},
]
WRONG: list[Any] = [
    [],
    {"colour": "red"},
    {"and": []},
    {"AND": "x"},
    {"OR": [1]},
    {"NOT": None},
    {"user_id": ""},
    {"user_id": 3},
    {"user_id": ["alice"]},
    {"user_id": {}},
    {"user_id": {"==": "alice"}},
    {"user_id": {"contains": "a"}},
    {"user_id": {"in": "alice"}},
    {"user_id": {"in": [1]}},
    {"user_id": {"in": ["x"] * (MOST_VALUES + 1)}},
    {"created_at": {">=": "2026-03-01"}},
    {"created_at": "yesterday"},
    {"created_at": None},
    {"created_at": True},
    {"created_at": {"gte": "1600-01-01"}},
    {"created_at": 1e300},
    {"expiration_date": {"between": []}},
    {"categories": []},
    {"categories": [1]},
    {"categories": {"contains": ["a"]}},
    {"metadata": "x"},
    {"metadata": {"n": {"gt": 1, "other": 2}}},
    {"metadata": {"n": {"$gt": 1}}},
    {"metadata": {"n": {">": 1}}},
    {"metadata": {"n": {"gt": None}}},
    {"metadata": {"n": {"contains": {}}}},
    {"metadata": {"n": 2**70}},
    {"metadata": {"n": float("nan")}},
    {"metadata": {"\x00": 1}},
    {"text": {"in": ["a"]}},
    {"text": "half of \ud800 a pair"},
    {"keywords": ["a"]},
    {"memory_ids": {"ge": []}},
]


@pytest.mark.parametrize("filters", MEANT, ids=str)
def test_filters_that_mean_the_memory(filters: dict[str, Any]) -> None:
    assert meets(parse(filters), MEMORY)


@pytest.mark.parametrize("filters", NOT_MEANT, ids=str)
def test_filters_that_do_not_mean_the_memory(filters: dict[str, Any]) -> None:
    assert not meets(parse(filters), MEMORY)


@pytest.mark.parametrize("filters", WRONG, ids=ascii)
def test_filters_that_say_nothing_are_refused(filters: Any) -> None:
    with pytest.raises(InvalidInput):
        parse(filters)


def test_a_superseded_memory_has_no_expiration_date() -> None:
    superseded = replace(MEMORY, superseded_by="mem_other")
    assert meets(parse({"expiration_date": None}), superseded)
    assert not meets(parse({"expiration_date": "2026-03-12"}), superseded)


def test_refusals_tell_what_is_known() -> None:
    for wrong, known in (
        ({"colour": "red"}, ("AND", "user_id", "run_id", "expiration_date", "memory_ids")),
        ({"created_at": {">=": 1}}, ("gte", "lt", "in")),
        ({"metadata": {"n": {"~": 1}}}, ("icontains", "gte")),
    ):
        with pytest.raises(InvalidInput) as refused:
            parse(wrong)
        assert all(name in refused.value.message for name in known)


def test_filters_have_a_depth_and_a_size() -> None:
    def nested(levels: int) -> dict[str, Any]:
        return {"NOT": nested(levels - 1)} if levels else {"user_id": "alice"}

    parse(nested(MOST_LEVELS))
    for levels in (MOST_LEVELS + 1, 900):
        with pytest.raises(InvalidInput):
            parse(nested(levels))
    entries = {str(n): n for n in range(MOST_LEAVES)}
    parse({"metadata": entries})
    for wrong in ({"user_id": "alice", "metadata": entries}, {"metadata": entries | {"x": 1}}):
        with pytest.raises(InvalidInput):
            parse(wrong)
    parse({"memory_ids": [str(n) for n in range(MOST_VALUES)]})


def test_entities_in_metadata_name_nobody() -> None:
    assert scopes(parse({"metadata": {"user_id": "alice"}})) == (Scope(),)
    assert scopes(parse({"user_id": {"in": ["a", "b"]}})) == (Scope("a"), Scope("b"))
