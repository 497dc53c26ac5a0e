"""What a language model reads of memories, and for how long it is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from memory.domain.errors import ModelUnavailable
from memory.domain.memory import Memory, Scope
from memory.reports.notes import answer

DAY = 86_400_000_000


class Slow:
    name = "test/slow"

    def __init__(self, seconds: float = 0) -> None:
        self._seconds = seconds
        self.read = ""

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        self.read = text
        await asyncio.sleep(self._seconds)
        return {"done": True}


def memory(content: str, day: int) -> Memory:
    return Memory(id=content, content=content, scope=Scope("alice"), valid_from=day * DAY)


async def test_the_oldest_comes_first_with_its_day() -> None:
    model = Slow()
    newest_first = [memory("moved", 1), memory("was born", 0)]
    assert await answer(model, "Tell.", newest_first, {}, 10) == {"done": True}
    assert model.read == "- 1970-01-01: was born\n- 1970-01-02: moved"


async def test_a_model_that_is_too_slow_is_unavailable() -> None:
    with pytest.raises(ModelUnavailable, match="longer than a request"):
        await answer(Slow(5), "Tell.", [], {}, 0.02)
