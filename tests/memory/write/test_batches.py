"""Several memories changed by one call."""

from __future__ import annotations

import asyncio

import pytest

from memory.domain.caller import DEFAULT_PROJECT, Caller, Once
from memory.domain.memory import Correction, Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.service.build import MemoryService

DEFAULT = Caller(DEFAULT_PROJECT)
ALICE = Scope(user_id="alice")


async def stored(service: MemoryService, content: str, *supersedes: str) -> Memory:
    draft = NewMemory(content=content, scope=ALICE, supersedes=supersedes)
    (answer,) = await service.memories.add(DEFAULT, [draft])
    assert isinstance(answer, Added), answer
    return answer.memory


async def contents(service: MemoryService) -> list[str]:
    page = await service.memories.page(DEFAULT, ALICE, 100, None, newest=False)
    return [each.content for each in page.memories]


async def test_each_is_done_or_refused_by_itself(service: MemoryService) -> None:
    one, two = await stored(service, "likes tea"), await stored(service, "plays chess")
    ids = [one.id, "mem_" + "0" * 32, two.id, "nonsense"]
    answers = await service.memories.correct_each(
        DEFAULT, {each: Correction(content=f"now {each}") for each in ids}
    )
    assert [each and each.code for each in answers] == [None, "not_found", None, "not_found"]
    assert await contents(service) == [f"now {one.id}", f"now {two.id}"]
    answers = await service.memories.erase_each(DEFAULT, ids)
    assert [each and each.code for each in answers] == [None, "not_found", None, "not_found"]
    assert await contents(service) == []


async def test_a_call_that_is_sent_again_does_what_was_left_of_it(service: MemoryService) -> None:
    one, two = await stored(service, "likes tea"), await stored(service, "plays chess")
    again = Caller(DEFAULT_PROJECT, once=Once("key", "digest"))
    change = Correction(content="likes coffee")
    assert await service.memories.correct_each(again, {one.id: change}) == [None]
    assert await service.memories.correct_each(again, {one.id: change, two.id: change}) == [
        None,
        None,
    ]
    assert (await service.memories.get(DEFAULT, one.id)).version == 2
    again = Caller(DEFAULT_PROJECT, once=Once("other key", "digest"))
    assert await service.memories.erase_each(again, [one.id]) == [None]
    assert await service.memories.erase_each(again, [one.id, two.id]) == [None, None]
    assert await contents(service) == []


async def test_a_memory_goes_with_its_whole_line(service: MemoryService) -> None:
    oldest = await stored(service, "lives in Oslo")
    older = await stored(service, "lives in Bergen", oldest.id)
    newest = await stored(service, "lives in Lisbon", older.id)
    other = await stored(service, "plays chess")
    again = Caller(DEFAULT_PROJECT, once=Once("key", "digest"))
    at, besides = await service.memories.erase_line(again, newest.id)
    assert besides == 2
    assert await contents(service) == [other.content]
    assert await service.memories.erase_line(again, newest.id) == (at, None)
    answers = await service.memories.erase_each(DEFAULT, [oldest.id, older.id])
    assert [each and each.code for each in answers] == ["not_found", "not_found"]


async def test_who_goes_away_leaves_no_write_half_done_and_begins_no_other(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await stored(service, f"note {number}")).id for number in range(40)]
    changes = service.memories._batches._changes
    erase, full, open_ = changes.erase, asyncio.Event(), asyncio.Event()
    begun: list[str] = []

    async def slow(caller: Caller, memory_id: str) -> int:
        begun.append(memory_id)
        if len(begun) == 16:
            full.set()
        await open_.wait()
        return await erase(caller, memory_id)

    monkeypatch.setattr(changes, "erase", slow)
    calls = [asyncio.create_task(service.memories.erase_each(DEFAULT, ids)) for _ in range(2)]
    await full.wait()
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    open_.set()
    await service.memories._batches._background.ended()
    assert len(begun) == 16
    assert len(await contents(service)) == 24
