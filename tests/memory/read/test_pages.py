"""One memory at an instant, its history, and pages of memories."""

from __future__ import annotations

import pytest

from memory.domain.errors import NotFound
from memory.domain.memory import Correction
from memory.query.views import View
from memory.service.build import MemoryService
from tests.memory.given import ALICE, BOB, DEFAULT, stored


async def test_a_memory_is_read_as_it_was_known_whether_or_not_it_is_valid(
    service: MemoryService,
) -> None:
    first = await stored(service, "lives in Oslo", valid_from=10, valid_to=20)
    last = await service.memories.correct(DEFAULT, first.id, Correction(content="lived in Oslo"))
    assert (await service.memories.get(DEFAULT, first.id)).content == "lived in Oslo"
    then = View(known_at=first.recorded_at)
    assert (await service.memories.get(DEFAULT, first.id, then)).content == "lives in Oslo"
    assert (await service.memories.get(DEFAULT, first.id, View(as_of=15))).version == last.version
    for view in (View(as_of=20), View(as_of=9), View(known_at=first.recorded_at - 1)):
        with pytest.raises(NotFound):
            await service.memories.get(DEFAULT, first.id, view)


async def test_a_history_is_of_every_version_oldest_first(service: MemoryService) -> None:
    made = await stored(service, "likes tea")
    for content in ("likes coffee", "likes milk"):
        await service.memories.correct(DEFAULT, made.id, Correction(content=content))
    history = await service.memories.history(DEFAULT, made.id)
    assert [version.content for version in history] == ["likes tea", "likes coffee", "likes milk"]
    assert [version.retracted_at for version in history[:-1]] == [
        version.recorded_at for version in history[1:]
    ]
    await service.memories.erase(DEFAULT, made.id)
    with pytest.raises(NotFound):
        await service.memories.history(DEFAULT, made.id)


@pytest.mark.parametrize("newest", [True, False])
async def test_pages_follow_each_other_and_what_comes_meanwhile_is_in_none(
    service: MemoryService, newest: bool
) -> None:
    made = [await stored(service, f"number {number}") for number in range(5)]
    await stored(service, "of bob", BOB)
    read: list[str] = []
    cursor: str | None = None
    sizes = []
    while True:
        page = await service.memories.page(DEFAULT, ALICE, 2, cursor, newest)
        read += [memory.id for memory in page.memories]
        sizes.append(len(page.memories))
        await stored(service, f"came after page {len(sizes)}")
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    ids = [memory.id for memory in made]
    assert read == (ids[::-1] if newest else ids)
    assert sizes == [2, 2, 1]
