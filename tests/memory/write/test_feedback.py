"""What callers thought of a memory."""

from __future__ import annotations

import pytest

from memory.domain.errors import NotFound
from memory.domain.feedback import Feedback, Verdict
from memory.domain.ids import mint
from memory.service.build import MemoryService
from tests.memory.given import DEFAULT, stored


async def test_the_last_feedback_stands_until_it_is_taken_back(service: MemoryService) -> None:
    made = await stored(service, "likes tea")
    assert await service.memories.feedback(DEFAULT, made.id) is None
    for feedback in (Feedback(Verdict.POSITIVE), Feedback(Verdict.VERY_NEGATIVE, "she does not")):
        await service.memories.rate(DEFAULT, made.id, feedback)
        assert await service.memories.feedback(DEFAULT, made.id) == feedback
    await service.memories.rate(DEFAULT, made.id, None)
    assert await service.memories.feedback(DEFAULT, made.id) is None


async def test_feedback_is_of_a_memory_that_is_there(service: MemoryService) -> None:
    made = await stored(service, "likes tea")
    await service.memories.rate(DEFAULT, made.id, Feedback(Verdict.NEGATIVE))
    await service.memories.erase(DEFAULT, made.id)
    for memory_id in (made.id, mint("mem", "0" * 15), "nonsense"):
        with pytest.raises(NotFound):
            await service.memories.rate(DEFAULT, memory_id, Feedback(Verdict.POSITIVE))
        with pytest.raises(NotFound):
            await service.memories.feedback(DEFAULT, memory_id)
