"""Memories as notes that a language model reads, and its answer to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from memory.domain.clock import format_day
from memory.domain.errors import ModelUnavailable
from memory.domain.memory import Memory
from memory.ports.models import LanguageModel

# Memories that a language model is given at most.
MOST_READ = 500
# What a language model may take of a request's deadline. Without a request it may take longer.
_SHARE_OF_DEADLINE = 0.5


async def answer(
    model: LanguageModel,
    instructions: str,
    memories: Sequence[Memory],
    schema: Mapping[str, Any],
    deadline_s: float,
) -> dict[str, Any]:
    """A JSON object that the model writes from memories, newest first. It may not fit the schema.

    Raises ModelUnavailable if the model does not answer in half of `deadline_s`, and UnfitAnswer
    if its answer is no JSON object.
    """
    notes = "\n".join(
        f"- {format_day(memory.valid_from)}: {memory.content}" for memory in reversed(memories)
    )
    try:
        async with asyncio.timeout(deadline_s * _SHARE_OF_DEADLINE):
            return await model.fill(instructions, notes, schema)
    except TimeoutError:
        raise ModelUnavailable("the language model takes longer than a request may") from None
