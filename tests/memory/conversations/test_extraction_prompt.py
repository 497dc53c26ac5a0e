"""The form of an answer that a language model is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from memory.conversations.extraction_prompt import Question
from memory.domain.conversation import Conversation, Said
from memory.domain.memory import Memory, Scope
from memory.domain.preferences import Preferences

AT = 1_790_000_000_000_000
SAID = (Said("user", "I live in Oslo now."),)


def question(*shown: str) -> Question:
    known = [
        Memory(
            id=f"mem_{number:032x}",
            content=each,
            scope=Scope(user_id="ann"),
            created_at=AT,
            valid_from=AT,
        )
        for number, each in enumerate(shown)
    ]
    asked = Conversation(messages=SAID, scope=Scope(user_id="ann"))
    return Question(asked, SAID, AT, known, Preferences())


def fact(decision: str, target: int | None, **more: Any) -> dict[str, Any]:
    whole = {"valid_from": None, "categories": [], "attributed_to": "user"}
    return {"text": "Ann lives in Oslo", "decision": decision, "target": target, **whole, **more}


@pytest.mark.parametrize(
    ("decision", "target", "of_two", "of_none"),
    [
        ("ADD", None, True, True),
        ("ADD", 1, False, False),
        ("UPDATE", 2, True, False),
        ("UPDATE", 3, False, False),
        ("DELETE", None, False, False),
        ("NONE", 1, True, False),
        ("NONE", None, False, False),
    ],
)
def test_a_decision_about_a_memory_names_one_that_was_shown(
    decision: str, target: int | None, of_two: bool, of_none: bool
) -> None:
    answer = {"facts": [fact(decision, target)]}
    for asked, fits in (
        (question("Ann lives in Bergen", "Ann sails"), of_two),
        (question(), of_none),
    ):
        assert Draft202012Validator(asked.schema()).is_valid(answer) is fits


def test_an_answer_comes_to_an_end() -> None:
    """Small models go on and on where the schema lets them."""
    fits = Draft202012Validator(question().schema()).is_valid
    assert fits({"facts": [fact("ADD", None)] * 10})
    assert not fits({"facts": [fact("ADD", None)] * 11})
    assert not fits({"facts": [fact("ADD", None, text="and " * 200)]})
    assert not fits({"facts": [fact("ADD", None, categories=["sports"] * 4)]})
    assert not fits({"facts": [fact("ADD", None, valid_from="2026" * 20)]})


def test_relations_are_asked_for_where_they_are_wanted_and_are_short() -> None:
    assert "relations" not in question().schema()["properties"]
    related = replace(
        question("Ann sails"), conversation=replace(question().conversation, graph=True)
    )
    relation = related.schema()["properties"]["relations"]["items"]["properties"]
    assert relation.keys() >= {"source", "relationship", "target"}
    assert all(each["maxLength"] for each in relation.values())
