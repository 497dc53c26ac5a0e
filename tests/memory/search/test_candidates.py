"""Where a search looks in the index, and what one round of both arms tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from memory.domain.memory import UNSET, Scope
from memory.ports.memories import Instant
from memory.ports.vector_store import Hit
from memory.query.conditions import EVERYTHING
from memory.query.extent import Extent
from memory.query.views import NOW, Query, Snapshot, View, Where
from memory.search.candidates import candidates, views_of
from tests.memory.given import ALICE, PROJECT

VECTOR = np.ones(1, dtype=np.float32)
PINNED = Instant(50, bounded=False)


class Index:
    """Answers `nearest` and `match` from lists, and the cosines of what is asked for by its id."""

    def __init__(self, nearest: Sequence[Hit], match: Sequence[Hit]) -> None:
        self._nearest, self._match = nearest, match
        self.asked: list[str] = []

    async def nearest(self, tenant: str, vector: object, where: Where, limit: int) -> list[Hit]:
        self.asked.append("nearest")
        named = {
            value for field, values in where.clauses if field == "memory_id" for value in values
        }
        if named:
            return [Hit(each, 1, -0.5) for each in sorted(named)]
        return [*self._nearest][:limit]

    async def match(self, tenant: str, terms: object, where: Where, limit: int) -> list[Hit]:
        self.asked.append("match")
        return [*self._match][:limit]


def index(nearest: Sequence[Hit] = (), match: Sequence[Hit] = ()) -> Any:
    return Index(nearest, match)


async def test_what_only_its_words_found_has_its_cosine_too() -> None:
    store = index([Hit("a", 1, 0.9)], [Hit("a", 1, 7.0), Hit("b", 1, 3.0)])
    found = await candidates(store, ["t"], [Where()], VECTOR, ["tea"], 5)
    assert found.cosines == {("a", 1): 0.9, ("b", 1): -0.5}
    assert (found.exhausted, found.nearest, found.worded) == (True, -1.0, False)


async def test_without_words_one_arm_is_asked() -> None:
    store = index([Hit("a", 1, 0.9)], [Hit("b", 1, 3.0)])
    found = await candidates(store, ["t"], [Where()], VECTOR, [], 5)
    assert (found.cosines, store.asked) == ({("a", 1): 0.9}, ["nearest"])


@pytest.mark.parametrize(
    ("limit", "exhausted", "nearest", "worded"),
    [(3, True, -1.0, False), (2, False, 0.4, False), (1, False, 0.9, True)],
)
async def test_an_arm_that_is_full_may_have_more_beyond(
    limit: int, exhausted: bool, nearest: float, worded: bool
) -> None:
    store = index([Hit("a", 1, 0.9), Hit("b", 1, 0.4)], [Hit("a", 1, 2.0)])
    found = await candidates(store, ["t"], [Where()], VECTOR, ["tea"], limit)
    assert (found.exhausted, found.nearest, found.worded) == (exhausted, nearest, worded)


async def test_every_tenant_is_looked_in_with_every_view() -> None:
    store = index()
    await candidates(store, ["t1", "t2"], [Where(), Where(open=True)], VECTOR, ["tea"], 5)
    assert (store.asked.count("nearest"), store.asked.count("match")) == (4, 4)


def views(
    view: View = NOW,
    instant: Instant = PINNED,
    superseded: Sequence[str] = (),
    owners: Sequence[str] | None = ("0" * 15,),
    reference: int | None = None,
) -> Sequence[Where]:
    scope = ALICE if owners else Scope()
    extent = Extent(PROJECT, scope, EVERYTHING, (scope,), owners)
    query = Query(
        text="tea", limit=5, threshold=0, view=view, half_life_days=UNSET, reference=reference
    )
    return views_of(extent, query, view.pinned(instant.now), instant, superseded)


def test_a_plain_search_looks_at_what_is_open_and_further_only_if_it_must() -> None:
    (one,) = views()
    assert (one.open, one.snapshot) == (True, None)
    opened, plain = views(instant=Instant(50, bounded=True))
    assert (opened.open, plain.open, plain.snapshot) == (True, False, Snapshot(50))


def test_a_search_of_the_past_looks_at_its_snapshot() -> None:
    (one,) = views(View(as_of=7, known_at=9))
    assert (one.open, one.snapshot) == (False, Snapshot(7, 9))


def test_what_has_a_successor_is_named_in_parts() -> None:
    old = [f"mem_{number}" for number in range(1_500)]
    plain, *named = views(View(superseded=True, as_of=50), superseded=old)
    assert plain.snapshot == Snapshot(50)
    assert [each for view in named for each in dict(view.clauses)["memory_id"]] == old
    assert len(named) == 2
    assert all(view.snapshot == Snapshot(50, superseded=True) for view in named)


def test_where_nobody_can_name_them_all_that_has_ended_is_looked_at() -> None:
    for view, owners in ((View(superseded=True), None), (View(expired=True), ("0" * 15,))):
        (whole,) = views(view, owners=owners)
        assert whole.snapshot == view.pinned(50)
        assert not whole.open


def test_an_earlier_reference_looks_at_what_has_ended_since() -> None:
    *_, since = views(reference=20)
    assert since.snapshot == Snapshot(50, expired=True)
    assert since.condition != EVERYTHING
    assert len(views(reference=60)) == 1
