"""Conditions against the language in plain Python, and what may be asked of a store of them."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings

from memory.domain.ids import mint
from memory.domain.memory import Memory, NewMemory, Scope
from memory.query.conditions import (
    ANY,
    EVERYTHING,
    NOTHING,
    Compares,
    Every,
    Expires,
    Is,
    Not,
    Present,
    Some,
    Within,
    exact,
    meets,
    no,
    scopes,
    storable,
)
from memory.query.filter_parser import parse
from tests.memory.filter_language import DRAFTS, FILTERS, FIRST_DAY, holds

ANNS = NewMemory(content="green tea", scope=Scope(user_id="ann"), valid_from=FIRST_DAY)
PURE = settings(max_examples=400, deadline=None, derandomize=True, database=None)


def stored(draft: NewMemory, superseded_by: str | None = None) -> Memory:
    assert draft.valid_from is not None
    return Memory(
        id=mint("mem", "0" * 15),
        content=draft.content,
        scope=draft.scope,
        metadata=draft.metadata,
        categories=draft.categories,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        recorded_at=draft.valid_from,
        superseded_by=superseded_by,
    )


@PURE
@given(FILTERS, DRAFTS)
def test_a_condition_is_met_by_what_the_filters_say(
    filters: dict[str, Any], draft: NewMemory
) -> None:
    for memory in (stored(draft), stored(draft, superseded_by="mem_other")):
        assert meets(parse(filters), memory) == holds(filters, memory)


@PURE
@example({"user_id": "ann"}, ANNS)
@given(FILTERS, DRAFTS)
def test_no_memory_is_lost_by_asking_a_store_and_none_gained_where_it_is_exact(
    filters: dict[str, Any], draft: NewMemory
) -> None:
    condition, memory = parse(filters), stored(draft)
    for each in (condition, no(condition)):
        relaxed = storable(each)
        assert exact(relaxed)
        if meets(each, memory):
            assert meets(relaxed, memory)
        if exact(each):
            assert meets(relaxed, memory) == meets(each, memory)


@PURE
@example({"OR": [{"user_id": "ann"}, {"agent_id": "*"}]}, ANNS)
@given(FILTERS, DRAFTS)
def test_a_memory_that_is_meant_is_covered_by_a_scope_of_the_condition(
    filters: dict[str, Any], draft: NewMemory
) -> None:
    condition, memory = parse(filters), stored(draft)
    if meets(condition, memory):
        given_ = memory.scope.given()
        assert any(
            all(given_.get(name, "") == value or (value == ANY and name in given_)
                for name, value in each.given().items())
            for each in scopes(condition)
        )  # fmt: skip


def test_whose_memories_a_condition_is_about() -> None:
    ann, bob = Is("user_id", ("ann",)), Is("user_id", ("bob",))
    bot, named = Is("agent_id", ("bot",)), Present("user_id")
    assert scopes(Some((ann, bot))) == (Scope(user_id="ann"), Scope(agent_id="bot"))
    assert scopes(Every((bot, named))) == (Scope(agent_id="bot", user_id=ANY),)
    assert scopes(Every((named, ann))) == (Scope(user_id="ann"),)
    assert scopes(Every((ann, bob))) == ()
    assert scopes(NOTHING) == ()
    for unscoped in (EVERYTHING, Not(ann), Some((ann, Not(bob))), Is("metadata_token", ("c=x",))):
        assert Scope() in scopes(unscoped)
    many = Is("user_id", tuple(f"user-{n}" for n in range(40)))
    others = Is("agent_id", tuple(f"agent-{n}" for n in range(40)))
    assert len(scopes(Every((many, others)))) == 40


def test_what_a_store_cannot_tell_is_asked_for_as_widely_as_needed() -> None:
    assert storable(Expires(1, 2)) == Within("valid_to", 1, 2)
    assert storable(Not(Expires(1, 2))) == EVERYTHING
    assert storable(Not(Not(Expires(1, 2)))) == Within("valid_to", 1, 2)
    assert storable(Compares("n", "gt", 1)) == EVERYTHING
    assert not exact(Every((Present("user_id"), Compares("n", "gt", 1))))
