"""What an add tells of similar texts where there is much of it, or little to be had."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import StoreUnavailable
from memory.domain.memory import Correction, NewMemory, Scope
from memory.domain.results import Added
from memory.ports.vector_store import Hit
from memory.service.build import MemoryService

ALICE = Scope(user_id="alice")
DEFAULT = Caller(DEFAULT_PROJECT)


async def add(service: MemoryService, *contents: str, **fields: Any) -> list[Added]:
    drafts = [NewMemory(content=each, scope=ALICE, **fields) for each in contents]
    answers = await service.memories.add(DEFAULT, drafts)
    assert all(isinstance(each, Added) for each in answers)
    return answers  # type: ignore[return-value]


def told(answer: Added) -> list[str]:
    assert answer.similar is not None
    return [each.memory.content for each in answer.similar]


def breaks(monkeypatch: pytest.MonkeyPatch, store: object, method: str) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise StoreUnavailable(f"{method} is broken")

    monkeypatch.setattr(store, method, broken)


async def test_any_number_of_equal_texts_leave_room_for_the_unequal(service: MemoryService) -> None:
    await add(service, *["Likes green tea!"] * 90, dedup=False)
    await add(service, "likes tea, green leaves", "green apples", "hates rain")
    (answer,) = await add(service, "likes green tea", dedup=False, similar=True)
    assert told(answer) == ["likes tea, green leaves"]


@pytest.mark.parametrize("method", ["upsert", "retract"])
async def test_a_text_that_was_corrected_is_not_told_while_its_index_lags(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    (made,) = await add(service, "likes green tea")
    with monkeypatch.context() as patch:
        breaks(patch, service.vectors, method)
        with pytest.raises(StoreUnavailable):
            await service.memories.correct(
                DEFAULT, made.memory.id, Correction(content="hates rain")
            )
    (answer,) = await add(service, "tea green likes", similar=True)
    assert told(answer) == []


async def test_a_memory_that_ended_is_not_told_while_its_index_lags(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = await add(service, "likes green tea", valid_from=0)
    with monkeypatch.context() as patch:
        breaks(patch, service.vectors, "retract")
        with pytest.raises(StoreUnavailable):
            await service.memories.correct(DEFAULT, made.memory.id, Correction(valid_to=1))
    (answer,) = await add(service, "tea green likes", similar=True)
    assert told(answer) == []


@pytest.mark.parametrize(
    ("store", "method"), [("vectors", "nearest"), ("memories", "read"), ("memories", "instant")]
)
async def test_an_add_is_answered_as_stored_though_nothing_can_be_told(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch, store: str, method: str
) -> None:
    await add(service, "tea green likes")
    with monkeypatch.context() as patch:
        stores = {"vectors": service.vectors, "memories": service.record.memories}
        breaks(patch, stores[store], method)
        (answer,) = await add(service, "likes green tea", similar=True)
    assert answer.similar is None
    stored = await service.memories.get(DEFAULT, answer.memory.id)
    assert stored.content == "likes green tea"


async def test_a_batch_waits_for_what_is_similar_once(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearest = service.vectors.nearest

    async def slow(*args: Any) -> list[Hit]:
        await asyncio.sleep(0.05)
        return await nearest(*args)

    monkeypatch.setattr(service.vectors, "nearest", slow)
    contents = [f"likes green tea{' of' * n}" for n in range(40)]
    began = time.monotonic()
    answers = await add(service, *contents, dedup=False, similar=True)
    assert time.monotonic() - began < 1
    assert [len(told(answer)) for answer in answers] == [5] * 40
