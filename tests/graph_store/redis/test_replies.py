"""Replies read alike whatever the protocol version, or a pipeline, makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from graph_store.redis.replies import flat, mapping, names, pairs

FORMS: list[Any] = [
    {"a": "1", "b": "2"},
    [("a", "1"), ("b", "2")],
    [["a", 1], ["b", 2]],
    ["a", "1", "b", "2"],
]


@pytest.mark.parametrize("rows", FORMS)
def test_each_form_is_the_same_pairs(rows: Any) -> None:
    assert pairs(rows) == [("a", "1"), ("b", "2")]
    assert mapping(rows) == {"a": "1", "b": "2"}
    assert names(rows) == ["a", "b"]


@pytest.mark.parametrize("rows", [{}, []])
def test_nothing_is_nothing(rows: Any) -> None:
    assert pairs(rows) == []


def test_fields_go_as_names_and_values_in_turn() -> None:
    assert flat({"a": 1, "b": "2"}) == ["a", 1, "b", "2"]
