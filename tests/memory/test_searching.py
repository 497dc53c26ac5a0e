"""Searches that what is nearer must not crowd out: the ended among the ended, the fresh among
the old."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from memory import searching
from memory.caller import DEFAULT_PROJECT, Caller
from memory.model import NewMemory, Scope
from memory.results import Added, Found
from memory.service import MemoryService
from memory.view import Query, View, Where

ALICE = Scope(user_id="alice")
DEFAULT = Caller(DEFAULT_PROJECT)
DAY = 86_400_000_000


async def add(service: MemoryService, drafts: Sequence[NewMemory]) -> list[str]:
    answers = await service.add(DEFAULT, drafts)
    return [answer.memory.id for answer in answers if isinstance(answer, Added)]


async def search(
    service: MemoryService,
    text: str,
    view: View,
    limit: int = 10,
    half_life_days: float | None = None,
) -> list[Found]:
    query = Query(
        text=text,
        scope=ALICE,
        where=Where(),
        limit=limit,
        threshold=0,
        view=view,
        half_life_days=half_life_days,
    )
    return await service.search(DEFAULT, query)


async def found(service: MemoryService, text: str, **view: bool | int) -> set[str]:
    return {hit.memory.id for hit in await search(service, text, View(**view))}


def ended(number: int, content: str = "lives in town") -> list[NewMemory]:
    return [
        NewMemory(content=content, scope=ALICE, valid_from=n, valid_to=n + 1, dedup=False)
        for n in range(number)
    ]


def begun(number: int, content: str = "lives in town") -> list[NewMemory]:
    return [
        NewMemory(content=content, scope=ALICE, valid_from=n, dedup=False) for n in range(number)
    ]


async def supersede(service: MemoryService, old: Sequence[str]) -> str:
    draft = NewMemory(content="quiet mornings", scope=ALICE, supersedes=tuple(old))
    (successor,) = await add(service, [draft])
    return successor


async def test_superseded_memories_are_found_behind_more_expired_ones_than_a_search_looks_at(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_CANDIDATES", 100)
    expired = await add(service, ended(300))
    old = await add(service, begun(5, "lives elsewhere"))
    successor = await supersede(service, old)
    at = (await service.get(DEFAULT, successor)).recorded_at
    for view in ({}, {"as_of": at}, {"known_at": at}):
        assert await found(service, "lives town", superseded=True, **view) == {*old, successor}
        assert await found(service, "lives town", expired=True, **view) <= {*expired, successor}
    # before the successor was recorded they were simply valid
    before = {"known_at": at - 1, "as_of": at - 1}
    assert await found(service, "lives town", superseded=True, **before) == set(old)


async def test_each_of_many_superseded_memories_is_found(service: MemoryService) -> None:
    texts = [f"lives in house{n}" for n in range(1_001)]
    drafts = [NewMemory(content=each, scope=ALICE, valid_from=0) for each in texts]
    old = await add(service, drafts)
    await supersede(service, old)
    for n in (0, 500, 1_000):
        hits = await search(service, texts[n], View(superseded=True), limit=1)
        assert [hit.memory.id for hit in hits] == [old[n]]


async def test_expired_memories_are_found_behind_superseded_ones(service: MemoryService) -> None:
    old = await add(service, begun(300))
    successor = await supersede(service, old)
    gone = await add(service, ended(5, "lives elsewhere"))
    assert await found(service, "lives town", expired=True) == {*gone, successor}
    assert await found(service, "lives town") == {successor}


@pytest.mark.parametrize("older", [600, 1_100])
async def test_decay_lifts_a_fresh_memory_over_any_number_of_nearer_old_ones(
    service: MemoryService, older: int
) -> None:
    await add(service, begun(older, "likes tea"))
    (fresh,) = await add(service, [NewMemory(content="likes tea sometimes", scope=ALICE)])
    for limit in (1, 10):
        hits = await search(service, "likes tea", View(), limit, half_life_days=10)
        assert len(hits) == limit
        assert hits[0].memory.id == fresh
        assert hits[0].score > 0.9
    plain = await search(service, "likes tea", View())
    assert fresh not in {hit.memory.id for hit in plain}


async def test_a_decayed_score_is_the_same_however_far_a_search_looks(
    service: MemoryService,
) -> None:
    await add(service, begun(1_100, "likes tea"))
    await add(service, [NewMemory(content="likes tea sometimes", scope=ALICE)])
    at = (await service.page(DEFAULT, ALICE, 1, None, True)).memories[0].recorded_at
    aged = 20_000.0  # about as many days as since the old ones: they count, at half their score
    view = View(as_of=at)
    few, many = [await search(service, "likes tea", view, n, aged) for n in (10, 1_000)]
    assert [(hit.memory.id, hit.score) for hit in few] == [
        (hit.memory.id, hit.score) for hit in many[:10]
    ]
    assert len(many) == 1_000
