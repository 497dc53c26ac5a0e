"""Feedback is kept beside its memory, and gone with it."""

from __future__ import annotations

from memory.domain.feedback import Feedback, Verdict
from memory.domain.transaction import EraseMemory
from tests.graph_store.ground import Ground

BAD = Feedback(Verdict.VERY_NEGATIVE, "wrong: “tea”")


async def test_the_last_feedback_stands_until_it_is_taken_back(ground: Ground) -> None:
    part, memory = ground.graph.feedback, await ground.memory("a")
    assert await part.get(ground.slot, memory.id) is None
    assert await part.rate(ground.slot, memory.id, Feedback(Verdict.POSITIVE))
    assert await part.rate(ground.slot, memory.id, BAD)
    assert await part.get(ground.slot, memory.id) == BAD
    assert await part.rate(ground.slot, memory.id, None)
    assert await part.get(ground.slot, memory.id) is None


async def test_nothing_is_kept_of_a_memory_that_is_not_there(ground: Ground) -> None:
    part, memory = ground.graph.feedback, await ground.memory("a")
    await part.rate(ground.slot, memory.id, BAD)
    await ground.commit(EraseMemory(memory))
    assert await part.get(ground.slot, memory.id) is None
    assert not await part.rate(ground.slot, memory.id, BAD)
    assert await part.get(ground.slot, memory.id) is None
