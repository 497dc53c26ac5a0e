"""What the two clocks allow of additions, corrections and edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from memory.domain import dedup, validity
from memory.domain.clock import AT_COMMIT
from memory.domain.errors import (
    Conflict,
    Immutable,
    InvalidInput,
    Mem0gError,
    NotFound,
    SupersedeConflict,
    VersionMismatch,
)
from memory.domain.memory import UNSET, Correction, Edge, Memory, NewEdge, NewMemory, VersionEvent
from memory.domain.transaction import Briefing, Holding, PutEdge, PutMemory, Standing, holding
from tests.memory.given import ALICE, memory

NOW = 1_000
EDGE = Edge(
    id="rel_1", source="a", target="b", relation="KNOWS", valid_from=5, recorded_at=5, created_at=5
)


def draft(content: str = "likes tea", **fields: Any) -> NewMemory:
    return NewMemory(content=content, scope=ALICE, **fields)


def briefing(*standing: Memory, drafts: tuple[NewMemory, ...] = ()) -> Briefing:
    """What these memories hold and are, and that the drafts' contents are held by nobody else."""
    claims: dict[Any, tuple[Holding, ...]] = {dedup.key_of(wanted): () for wanted in drafts}
    for stood in standing:
        claims[dedup.key_of(stood)] = (*claims.get(dedup.key_of(stood), ()), holding(stood))
    return Briefing(NOW, claims, {stood.id: Standing(stood, False) for stood in standing})


# Which memory stands for a draft


@pytest.mark.parametrize(
    ("interval", "wanted", "stands"),
    [
        ({}, {}, True),
        ({}, {"valid_from": 5}, True),
        ({"valid_to": 500}, {}, False),
        ({"valid_to": 500}, {"valid_from": 5}, True),
        ({"valid_to": 500}, {"valid_from": 500}, False),
        ({"valid_from": 2_000}, {}, False),
        ({"valid_from": 2_000}, {"valid_from": 2_000}, True),
        ({}, {"dedup": False}, False),
    ],
)
def test_a_memory_stands_for_a_draft_whose_time_it_shares(
    interval: dict[str, int], wanted: dict[str, Any], stands: bool
) -> None:
    there = memory(**interval)
    found = validity.holder(draft("Likes TEA", **wanted), briefing(there))
    assert found == (there.id if stands else None)


def test_what_supersedes_is_always_new() -> None:
    there = memory()
    assert validity.holder(draft(supersedes=(there.id,)), briefing(there)) is None


def test_a_draft_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidInput, match="valid_to"):
        validity.holder(draft(valid_to=NOW), briefing())


def test_what_the_memory_that_is_there_does_not_hold_is_named() -> None:
    there = memory(metadata={"sure": 1}, categories=("food",))
    assert validity.not_stored(draft(), there) == ()
    asked = draft(
        "Likes tea.",
        metadata={"sure": True},
        categories=("drinks",),
        valid_from=11,
        valid_to=99,
        immutable=True,
        role="user",
        actor_id="Ann",
    )
    assert validity.not_stored(asked, there) == (
        "content", "metadata", "categories", "valid_from", "valid_to", "immutable", "role",
        "actor_id",
    )  # fmt: skip


# Additions


def test_an_addition_ends_what_it_supersedes_where_it_begins() -> None:
    old = memory("lives in Oslo")
    fresh = draft("lives in Bergen", supersedes=(old.id,), valid_from=500)
    new_id = memory().id
    made = validity.addition(fresh, new_id, "slot", briefing(old, drafts=(fresh,)))
    added, ended, edge = made.writes
    assert isinstance(added, PutMemory)
    assert (added.memory.content, added.memory.valid_from) == ("lives in Bergen", 500)
    assert isinstance(ended, PutMemory)
    assert ended.previous == old
    assert (ended.memory.valid_to, ended.memory.version) == (500, 2)
    assert ended.memory.event is VersionEvent.SUPERSEDE
    assert isinstance(edge, PutEdge)
    assert (edge.edge.source, edge.edge.target, edge.edge.valid_from) == (new_id, old.id, 500)
    moved = {claim.key: claim.becomes for claim in made.claims}
    assert moved == {
        dedup.key_of(old): (Holding(old.id, 10, 500),),
        dedup.key_of(fresh): (Holding(new_id, 500, None),),
    }


def test_an_addition_never_ends_anything_later() -> None:
    old = memory("lives in Oslo", valid_to=300)
    fresh = draft("lives in Bergen", supersedes=(old.id,))
    made = validity.addition(fresh, memory().id, "slot", briefing(old, drafts=(fresh,)))
    ended = made.writes[1]
    assert isinstance(ended, PutMemory)
    assert ended.memory.valid_to == 300


def test_an_addition_that_ends_must_be_recorded_before_its_end() -> None:
    fresh = draft(valid_to=2_000)
    made = validity.addition(fresh, memory().id, "slot", briefing(drafts=(fresh,)))
    assert made.before == 2_000
    past = draft(valid_from=1, valid_to=2_000)
    assert validity.addition(past, memory().id, "slot", briefing(drafts=(past,))).before is None


def test_an_addition_without_dedup_claims_nothing() -> None:
    fresh = draft(dedup=False)
    assert validity.addition(fresh, memory().id, "slot", briefing()).claims == []


@pytest.mark.parametrize(
    ("old", "error"),
    [
        ({"immutable": True}, Immutable),
        ({"superseded_by": "mem_other"}, SupersedeConflict),
        ({"valid_from": 500}, SupersedeConflict),
        (None, NotFound),
    ],
)
def test_what_cannot_be_superseded(old: dict[str, Any] | None, error: type[Mem0gError]) -> None:
    there = memory("lives in Oslo", **(old or {}))
    fresh = draft("lives in Bergen", supersedes=(there.id,), valid_from=500)
    standing = briefing(*([] if old is None else [there]), drafts=(fresh,))
    with pytest.raises(error) as refused:
        validity.addition(fresh, memory().id, "slot", standing)
    assert type(refused.value) is error


# Corrections


def test_a_correction_keeps_what_it_does_not_name() -> None:
    last = memory(metadata={"a": 1, "b": 2}, categories=("food",), valid_to=99)
    fresh = validity.corrected(last, Correction(metadata={"b": None, "c": 3}), {})
    assert fresh is not None
    assert (fresh.metadata, fresh.categories) == ({"a": 1, "c": 3}, ("food",))
    assert (fresh.content, fresh.valid_from, fresh.valid_to) == (last.content, 10, 99)
    assert (fresh.version, fresh.event, fresh.recorded_at) == (2, VersionEvent.UPDATE, AT_COMMIT)
    reopened = validity.corrected(last, Correction(valid_to=None), {})
    assert reopened is not None
    assert reopened.valid_to is None


def test_a_correction_to_what_stands_is_none_and_json_tells_true_from_one() -> None:
    last = memory(metadata={"sure": True}, immutable=True)
    assert validity.corrected(last, Correction(content=last.content), {}) is None
    assert validity.corrected(last, Correction(metadata={"sure": True}), {}) is None
    with pytest.raises(Immutable):
        validity.corrected(last, Correction(metadata={"sure": 1}), {})


@pytest.mark.parametrize(
    ("correction", "error"),
    [
        (Correction(content="x", if_version=2), VersionMismatch),
        (Correction(valid_to=10), InvalidInput),
        (Correction(valid_to=None), SupersedeConflict),
        (Correction(valid_to=51), SupersedeConflict),
        (Correction(valid_from=4), SupersedeConflict),
    ],
)
def test_what_a_correction_may_not_do_among_its_kin(
    correction: Correction, error: type[Mem0gError]
) -> None:
    successor, old = memory(valid_from=50), memory(valid_from=1, valid_to=5)
    last = memory(valid_to=50, superseded_by=successor.id, supersedes=(old.id,))
    kin = {relative.id: relative for relative in (successor, old)}
    with pytest.raises(error) as refused:
        validity.corrected(last, correction, kin)
    assert type(refused.value) is error
    allowed = validity.corrected(last, Correction(valid_from=5, valid_to=49), kin)
    assert allowed is not None
    assert (allowed.valid_from, allowed.valid_to) == (5, 49)


# Edges


@pytest.mark.parametrize(
    "edge",
    [
        NewEdge(source="a", target="b", relation="SUPERSEDES"),
        NewEdge(source="a", target="b", relation="FOLLOWS"),
        NewEdge(source="a", target="a", relation="KNOWS"),
    ],
)
def test_edges_that_nobody_may_make(edge: NewEdge) -> None:
    with pytest.raises(InvalidInput):
        validity.check_edge(edge)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "same"),
    [(None, None, True), (5, None, True), (6, None, False), (None, 99, False)],
)
def test_an_edge_stands_already_if_its_interval_does(
    valid_from: int | None, valid_to: int | None, same: bool
) -> None:
    wanted = NewEdge(
        source="a", target="b", relation="KNOWS", valid_from=valid_from, valid_to=valid_to
    )
    found = validity.same_edge(wanted, (holding(EDGE),), NOW)
    assert found == ("rel_1" if same else None)


def test_an_edge_is_amended_only_if_something_changes() -> None:
    assert validity.amended(EDGE, UNSET, UNSET) is None
    assert validity.amended(EDGE, None, {}) is None
    ended = validity.amended(EDGE, 50, UNSET)
    assert ended == replace(EDGE, valid_to=50, recorded_at=AT_COMMIT)
    with pytest.raises(InvalidInput):
        validity.amended(EDGE, 5, UNSET)
    with pytest.raises(Conflict):
        validity.amended(replace(EDGE, relation="SUPERSEDES"), 50, UNSET)


def test_a_supersedes_edge_begins_where_its_source_was_moved_to() -> None:
    moved = validity.moved(EDGE, memory(valid_from=77))
    assert (moved.valid_from, moved.recorded_at) == (77, AT_COMMIT)
