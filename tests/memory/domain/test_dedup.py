"""Who holds a content, and what a write changes of that."""

from __future__ import annotations

from dataclasses import replace

from memory.domain import dedup
from memory.domain.memory import Edge, NewMemory, Scope
from memory.domain.transaction import DedupClaim, DedupKey, Holding, holding
from tests.memory.given import ALICE, memory


def test_a_content_is_the_same_whatever_its_case_and_its_owners_user() -> None:
    key = dedup.content_key("Likes tea.", ALICE)
    assert key == dedup.content_key("likes  TEA", ALICE)
    assert key == dedup.key_of(NewMemory(content="likes tea", scope=ALICE))
    assert key != dedup.content_key("likes coffee", ALICE)


def test_agents_apps_and_sessions_hold_a_content_apart() -> None:
    scopes = [
        Scope(user_id="alice", **{name: "x"} if name else {})
        for name in (None, "agent_id", "app_id", "session_id")
    ]
    assert len({dedup.content_key("likes tea", scope) for scope in scopes}) == 4


def test_edges_of_a_source_are_told_apart_by_relation_and_target() -> None:
    edge = Edge(id="rel_1", source="a", target="b", relation="KNOWS")
    keys = {
        dedup.edge_key(each)
        for each in (
            edge,
            replace(edge, target="c"),
            replace(edge, relation="LIKES"),
            replace(edge, source="c"),
        )
    }
    assert len(keys) == 4
    assert dedup.edge_key(replace(edge, id="rel_2", valid_from=5)) in keys


def test_who_takes_a_claim_again_holds_it_once_with_the_new_interval() -> None:
    one, other = memory(), memory()
    held = dedup.taken(dedup.taken((), one), other)
    again = dedup.taken(held, replace(one, valid_to=50))
    assert again == (holding(other), Holding(one.id, 10, 50))
    assert dedup.released(again, other.id) == (Holding(one.id, 10, 50),)


def test_a_correction_moves_the_claim_of_who_holds_one() -> None:
    last = memory("likes tea")
    fresh = replace(last, content="likes coffee")
    tea, coffee = dedup.key_of(last), dedup.key_of(fresh)
    held = {tea: (holding(last),), coffee: ()}
    assert dedup.moved(held, last, fresh) == {tea: (), coffee: (holding(fresh),)}
    unheld: dict[DedupKey, tuple[Holding, ...]] = {tea: (holding(memory()),), coffee: ()}
    assert dedup.moved(unheld, last, fresh) == unheld


def test_only_claims_that_differ_are_written() -> None:
    here, there = DedupKey("content", "a"), DedupKey("content", "b")
    one = (Holding("mem_1", 0, None),)
    assert dedup.changes({here: one, there: ()}, {here: one, there: one}) == [
        DedupClaim(there, (), one)
    ]
