"""Searches that what is nearer must not crowd out: the ended among the ended, the fresh among
the old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from memory.context.projects import Projects
from memory.domain.ids import Project
from memory.domain.memory import NewMemory
from memory.domain.preferences import Preferences
from memory.domain.results import Added, Found
from memory.query.views import Query, Scale, View
from memory.service.build import MemoryService
from tests.memory.search.searches import ALICE, DAY, DEFAULT, add


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
        limit=limit,
        threshold=0,
        view=view,
        half_life_days=half_life_days,
    )
    return await service.search.find(DEFAULT, query)


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
    monkeypatch.setattr("memory.search.search.MOST_CANDIDATES", 100)
    expired = await add(service, ended(300))
    old = await add(service, begun(5, "lives elsewhere"))
    successor = await supersede(service, old)
    at = (await service.memories.get(DEFAULT, successor)).recorded_at
    for view in ({}, {"as_of": at}, {"known_at": at}):
        assert await found(service, "lives town", superseded=True, **view) == {*old, successor}
        ended_ones = await found(service, "lives town", expired=True, **view)
        assert len(ended_ones) == 10
        assert ended_ones < set(expired)
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
    at = (await service.memories.page(DEFAULT, ALICE, 1, None, True)).memories[0].recorded_at
    aged = 20_000.0  # about as many days as since the old ones: they count, at half their score
    view = View(as_of=at)
    few, many = [await search(service, "likes tea", view, n, aged) for n in (10, 1_000)]
    assert [(hit.memory.id, hit.score) for hit in few] == [
        (hit.memory.id, hit.score) for hit in many[:10]
    ]
    assert len(many) == 1_000


async def test_on_the_cosine_scale_a_score_is_the_sum_of_cosine_and_words(
    service: MemoryService,
) -> None:
    texts = ["likes green tea", "likes tea a lot of days", "plays chess"]
    await add(service, [NewMemory(content=each, scope=ALICE) for each in texts])
    query = Query(text="likes green tea", scope=ALICE, limit=9, threshold=0.0, scale=Scale.COSINE)
    hits = await service.search.find(DEFAULT, query)
    assert [hit.memory.content for hit in hits[:2]] == texts[:2]
    assert hits[0].cosine == pytest.approx(1, abs=1e-5)
    assert [hit.coverage for hit in hits] == [1, pytest.approx(2 / 3), 0]
    for hit in hits:
        assert hit.score == pytest.approx(max(0, hit.cosine + 0.4 * hit.coverage))
    strict = await service.search.find(DEFAULT, replace(query, threshold=1.3))
    assert [hit.memory.content for hit in strict] == texts[:1]  # 1.4, above any cosine


async def test_a_reference_tells_what_has_expired_and_how_old_it_is_but_not_what_is_known(
    service: MemoryService,
) -> None:
    def draft(content: str, begun: int, end: int | None = None) -> NewMemory:
        return NewMemory(
            content=f"likes tea {content}", scope=ALICE, valid_from=begun, valid_to=end, dedup=False
        )

    at = (await service.memories.add(DEFAULT, [NewMemory(content="x", scope=ALICE)]))[0]
    assert isinstance(at, Added)
    now = at.memory.recorded_at
    past, future = now - 20 * DAY, now + 20 * DAY
    ids = await add(
        service,
        [
            draft("today", now - 1),
            draft("lately", past - DAY, now - DAY),
            draft("long ago", past - 2 * DAY, past - DAY),
            draft("abroad", past, now + DAY),
            draft("superseded", past - DAY),
        ],
    )
    await supersede(service, ids[4:])

    async def told(reference: int | None, **fields: Any) -> set[str]:
        query = Query(
            text="likes tea", scope=ALICE, limit=9, threshold=0.1, reference=reference, **fields
        )
        return {hit.memory.id for hit in await service.search.find(DEFAULT, query)} & set(ids)

    new, lately, ago, while_, superseded = ids
    assert await told(None) == {new, while_}
    assert await told(past) == {new, lately, while_}
    assert await told(future) == {new}
    assert await told(past, view=View(superseded=True)) == {new, lately, while_, superseded}
    assert await told(future, view=View(expired=True)) == {new, lately, ago, while_}

    async def score(reference: int) -> float:
        query = Query(
            text="likes tea today", scope=ALICE, limit=1, threshold=0,
            reference=reference, half_life_days=20,
        )  # fmt: skip
        (hit,) = await service.search.find(DEFAULT, query)
        assert hit.memory.id == new
        return hit.score

    assert await score(future) == pytest.approx(await score(now) / 2, rel=1e-3)
    assert await score(past) == await score(now - 1)


async def test_a_project_may_prefer_that_older_memories_score_lower(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = [
        NewMemory(content="likes tea", scope=ALICE, valid_from=each, dedup=False)
        for each in (0, None)
    ]
    await add(service, [old, new])
    query = Query(text="likes tea", scope=ALICE, limit=2, threshold=0)
    one, other = await service.search.find(DEFAULT, query)
    assert one.score == other.score
    cached = Projects.cached

    async def decaying(projects: Projects, project_id: str) -> Project:
        project = await cached(projects, project_id)
        return replace(project, preferences=Preferences(decay=True))

    monkeypatch.setattr(Projects, "cached", decaying)
    one, other = await service.search.find(DEFAULT, query)
    assert one.score > 0.9 > 0.01 > other.score
    one, other = await service.search.find(DEFAULT, replace(query, half_life_days=None))
    assert one.score == other.score
