"""Schemas that ask for lists of memories, and those that ask for something else."""

from __future__ import annotations

from typing import Any

import pytest

from memory.reports.schema_fill import filler, required
from tests.memory.given import memory

TEXT = {"type": "string"}
MEMORIES = [memory("likes tea", metadata={"mood": "merry"}), memory("plays chess")]


def listing(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def filled(schema: dict[str, Any]) -> Any:
    fill = filler(schema)
    assert fill is not None
    return fill(MEMORIES)


def test_a_list_of_texts_is_what_the_memories_say() -> None:
    assert filled({"type": "array", "items": TEXT}) == ["likes tea", "plays chess"]
    schema = {"properties": {"memories": {"type": "array", "items": TEXT}}}
    assert filled(schema) == {"memories": ["likes tea", "plays chess"]}


def test_an_object_has_what_its_names_mean_and_the_rest_from_the_metadata() -> None:
    assert filled(listing(id=TEXT, text=TEXT, mood=TEXT)) == [
        {"id": MEMORIES[0].id, "text": "likes tea", "mood": "merry"},
        {"id": MEMORIES[1].id, "text": "plays chess"},
    ]


def test_a_count_is_of_all_and_references_are_followed() -> None:
    schema = {
        "$defs": {"Memory": {"properties": {"memory": TEXT, "valid_from": TEXT}}},
        "properties": {
            "list": {"type": "array", "items": {"$ref": "#/$defs/Memory"}},
            "total": {"type": "integer"},
        },
        "required": ["list", "total"],
    }
    answer = filled(schema)
    assert answer["total"] == 2
    assert answer["list"][1] == {
        "memory": "plays chess", "valid_from": "1970-01-01T00:00:00.000010Z",
    }  # fmt: skip


def test_what_may_be_null_is_told_as_null() -> None:
    nullable = {"anyOf": [TEXT, {"type": "null"}]}
    (first, second) = filled(listing(text=TEXT, mood=nullable))
    assert (first["mood"], second["mood"]) == ("merry", None)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"mood": TEXT}, "required": ["mood"]},
        {"properties": {"memories": {"type": "array", "items": TEXT}, "mood": TEXT},
         "required": ["memories", "mood"]},
        {"properties": {"moods": {"type": "array", "items": TEXT}}},
        {"properties": {"count": {"type": "integer"}}},
        listing(mood=TEXT),
        listing(text={"type": "integer"}),
        {**listing(text=TEXT), "items": {"properties": {"text": TEXT}, "required": ["mood"]}},
        {"$ref": "#/$defs/Loop", "$defs": {"Loop": {"$ref": "#/$defs/Loop"}}},
        {},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_list_of_memories_is_filled_by_somebody_else(schema: dict[str, Any]) -> None:
    assert filler(schema) is None


def test_names_that_are_required_are_texts() -> None:
    assert required({"required": ["a", 5, "b"]}) == {"a", "b"}
    assert required({"required": "a"}) == required({}) == frozenset()
