"""What both stores hold of one owner."""

from __future__ import annotations

import pytest

from memory.domain.memory import Correction
from memory.erasure.owner_contents import OwnerContents
from memory.service.build import MemoryService
from tests.memory.given import ALICE, BOB, DEFAULT, stored


async def test_memories_come_oldest_first_batch_by_batch_and_no_others(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.erasure.owner_contents._BATCH", 2)
    ids = [(await stored(service, f"number {number}")).id for number in range(5)]
    await stored(service, "of bob", BOB)
    contents = OwnerContents(service.record.memories, service.vectors)
    project = await service.project()
    slot = project.slot(project.owner_hash(ALICE.owner))
    read, sizes, after = list[str](), list[int](), None
    while page := await contents.next(project, slot, after):
        memories, after = page
        read += [memory.id for memory in memories]
        sizes.append(len(memories))
    assert (read, sizes) == (ids, [2, 2, 1])


async def test_points_are_counted_by_memory(service: MemoryService) -> None:
    one, other = await stored(service, "likes tea"), await stored(service, "likes skis")
    await stored(service, "of bob", BOB)
    await service.memories.correct(DEFAULT, one.id, Correction(content="likes coffee"))
    contents = OwnerContents(service.record.memories, service.vectors)
    project = await service.project()
    points = await contents.points(project, project.owner_hash(ALICE.owner))
    assert points == {one.id: 2, other.id: 1}
