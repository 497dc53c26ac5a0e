"""Summaries are a language model's, as long as it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from memory.domain.errors import ModelUnavailable
from memory.domain.memory import Memory, Scope
from memory.domain.selections import Selected
from memory.reports.summaries import summary_of

MEMORIES = [
    Memory(id=content, content=content, scope=Scope("alice"), valid_from=at)
    for at, content in enumerate(("Likes tea", "Laughs a lot"))
]


class Model:
    name = "test/model"

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self._answer = answer

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        if self._answer is None:
            raise ModelUnavailable("no answer")
        return self._answer


async def test_a_model_sums_up() -> None:
    model = Model({"summary": "A merry tea drinker."})
    told = await summary_of(Selected(7, MEMORIES), model, 10)
    assert (told.text, told.count, told.method) == ("A merry tea drinker.", 7, "test/model")
    assert told.memory_ids == ()


@pytest.mark.parametrize("model", [None, Model(None), Model({"summary": 7}), Model({})])
async def test_without_an_answer_that_fits_sentences_that_are_there_will_do(
    model: Model | None,
) -> None:
    told = await summary_of(Selected(2, MEMORIES), model, 10)
    assert (told.text, told.count, told.method) == ("Likes tea. Laughs a lot.", 2, "extractive")
    assert told.memory_ids == ["Likes tea", "Laughs a lot"]


async def test_nothing_is_told_of_nothing() -> None:
    told = await summary_of(Selected(0, []), Model({"summary": "made up"}), 10)
    assert (told.text, told.count, told.memory_ids) == ("", 0, [])
