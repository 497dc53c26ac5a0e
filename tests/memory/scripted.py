"""A language model of the tests' own: answers in the order they were written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from memory.domain.errors import ModelUnavailable

SILENCE = ModelUnavailable("the language model does not answer", retry_after=0)
NONSENSE: Mapping[str, Any] = {"zanzibar": 1}
"""No list of facts."""


class ScriptedModel:
    """The last answer is given again and again. `asked` holds (instructions, text, schema)."""

    name = "test/scripted"

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def fill(self, instructions: str, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((instructions, text, schema))
        self.reached.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await self.open.wait()
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def facts(*given: Mapping[str, Any] | str) -> dict[str, Any]:
    """An answer; a text is a fact to be added."""
    whole = {"decision": "ADD", "target": None, "valid_from": None, "categories": []}
    return {
        "facts": [
            {**whole, **({"text": each} if isinstance(each, str) else each)} for each in given
        ]
    }
