"""A plan is the same after it was kept, and says what may be done."""

from __future__ import annotations

import json

import pytest

from memory.conversations.extraction_prompt import Fact, Link, Reading
from memory.conversations.plan import drafts, edge_of, packed_plan, reading_of
from memory.domain.conversation import Conversation, Said
from memory.domain.memory import Memory, Scope

ALICE = Scope(user_id="alice")
AT = 10**15
OSLO = Memory(id="mem_oslo", content="lives in Oslo", scope=ALICE, valid_from=0, recorded_at=1)
MOVED = Fact("lives in Bergen", "UPDATE", 0, AT, ("home",), Said("user", "I moved", "alice"))


def conversation(valid_to: int | None = None) -> Conversation:
    return Conversation(messages=(), scope=ALICE, metadata={"from": "chat"}, valid_to=valid_to)


def test_what_was_decided_is_read_as_it_was_written() -> None:
    reading = Reading((MOVED, Fact("skis")), (Link("Ann", "knows", "Bo", ("F", 0), ("M", 0)),))
    kept = json.loads(json.dumps(packed_plan("a model", AT, [OSLO], reading)))
    assert reading_of(kept) == reading
    assert (kept["model"], kept["at"], kept["shown"]) == ("a model", AT, ["mem_oslo"])


def test_a_memory_is_replaced_once_and_the_second_fact_stands_beside_it() -> None:
    first, second = drafts(conversation(), [MOVED, MOVED], [OSLO, OSLO], AT).values()
    assert (first.supersedes, second.supersedes) == (("mem_oslo",), ())
    assert (first.content, first.valid_from, first.categories) == ("lives in Bergen", AT, ("home",))
    assert (first.role, first.actor_id) == ("user", "alice")
    assert first.metadata == {"from": "chat"}


def test_a_successor_begins_after_what_it_replaces() -> None:
    early = Fact("lives in Bergen", "UPDATE", 0, OSLO.valid_from)
    (draft,) = drafts(conversation(), [early], [OSLO], AT).values()
    assert draft.valid_from == OSLO.valid_from + 1


def test_a_fact_begins_before_the_conversation_says_that_it_ends() -> None:
    (draft,) = drafts(conversation(valid_to=AT - 5), [MOVED], [None], AT).values()
    assert draft.valid_from < AT - 5


@pytest.mark.parametrize(
    ("words", "relation"),
    [("works at", "works_at"), ("SUPERSEDES", "supersedes"), ("知道", "related_to")],
)
def test_words_become_a_relation_that_the_graph_takes(words: str, relation: str) -> None:
    link = Link("Ann", words, "Bo", ("F", 0), ("F", 1))
    edge = edge_of(link, "mem_a", "mem_b")
    assert (edge.relation, edge.metadata["relationship"]) == (relation, words)
