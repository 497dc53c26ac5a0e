"""What a view shows, and what of a condition an index is asked for in clauses."""

from __future__ import annotations

import pytest

from memory.query.conditions import EVERYTHING, Every, Is, Present, Within
from memory.query.views import NOW, Snapshot, View, Walk, Where
from tests.memory.given import memory

PAST = memory(valid_from=10, valid_to=20)
REPLACED = memory(valid_from=10, valid_to=20, superseded_by="mem_other")
PRESENT = memory(valid_from=10)
FUTURE = memory(valid_from=90)


@pytest.mark.parametrize(
    ("snapshot", "shown"),
    [
        (Snapshot(50), [PRESENT]),
        (Snapshot(50, superseded=True), [REPLACED, PRESENT]),
        (Snapshot(50, expired=True), [PAST, PRESENT]),
        (Snapshot(50, superseded=True, expired=True), [PAST, REPLACED, PRESENT]),
        (Snapshot(15), [PAST, REPLACED, PRESENT]),
        (Snapshot(5, superseded=True, expired=True), []),
        (Snapshot(99), [PRESENT, FUTURE]),
    ],
)
def test_a_snapshot_shows_what_was_valid_and_what_is_asked_for_of_the_ended(
    snapshot: Snapshot, shown: list[object]
) -> None:
    memories = [PAST, REPLACED, PRESENT, FUTURE]
    assert [each for each in memories if snapshot.shows(each)] == shown


def test_a_view_is_pinned_at_its_own_instant_or_at_now() -> None:
    assert NOW.pinned(50) == Snapshot(50)
    view = View(as_of=7, known_at=8, superseded=True)
    assert view.pinned(50) == Snapshot(7, 8, superseded=True)
    assert [each.explicit for each in (NOW, View(superseded=True), View(as_of=7), view)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert not Snapshot(50).ended
    assert Snapshot(50, expired=True).ended


@pytest.mark.parametrize(
    ("walk", "follows", "only_follows", "stored"),
    [
        (Walk(), False, False, set()),
        (Walk(system=True), True, False, set()),
        (Walk(relations=frozenset({"FOLLOWS"})), True, True, set()),
        (Walk(relations=frozenset({"FOLLOWS", "KNOWS"})), True, False, {"KNOWS"}),
        (Walk(relations=frozenset({"KNOWS"}), system=True), False, False, {"KNOWS"}),
    ],
)
def test_a_walk_follows_derived_edges_only_where_it_is_told_to(
    walk: Walk, follows: bool, only_follows: bool, stored: set[str]
) -> None:
    assert (walk.follows, walk.only_follows, walk.stored) == (follows, only_follows, stored)


def test_what_of_a_condition_can_be_a_clause_becomes_one() -> None:
    named, ended = Is("user_id", ("ann",)), Within("valid_to", 1, 2)
    where = Where().also("owner", "user:ann").narrowed(Every((named, ended, Present("app_id"))))
    assert where.clauses == (("owner", ("user:ann",)), ("user_id", ("ann",)))
    assert where.condition == Every((ended, Present("app_id")))
    again = where.narrowed(named)
    assert again.clauses == where.clauses
    assert Where().narrowed(EVERYTHING) == Where()
