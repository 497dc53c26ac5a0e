"""Traps of the wire, as Mem0's clients meet them: odd messages, fields of other versions, and how a
refusal is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from mem0 import MemoryClient
from mem0.exceptions import MemoryNotFoundError, ValidationError

ALICE = {"user_id": "alice"}


def test_fields_of_other_versions_are_ignored(mem0: MemoryClient) -> None:
    old = {"org_id": "o", "project_id": "p", "output_format": "v1.1", "version": "v2"}
    old |= {"async_mode": True, "source": "CLI", "enable_graph": False}
    mem0.add("likes tea", user_id="alice", infer=False, **old)
    assert mem0.search("tea", filters=ALICE, **old)["results"]
    assert mem0.get_all(filters=ALICE, **old)["count"] == 1


def test_what_is_wrong_is_told_in_words(mem0: MemoryClient) -> None:
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (mem0.add, {"messages": []}, "messages"),
        (mem0.add, {"messages": "x"}, "scope"),
        (mem0.add, {"messages": "x", "user_id": " alice"}, "user_id"),
        (mem0.add, {"messages": "x", "user_id": "alice", "expiration_date": "soon"}, "YYYY-MM-DD"),
        (mem0.add, {"messages": "x", "expiration_date": "2020-01-01"} | ALICE, "^expiration_date"),
        (mem0.add, {"messages": "x", "timestamp": True} | ALICE, "^timestamp: seconds"),
        (mem0.add, {"messages": "x", "timestamp": 10**400} | ALICE, "^timestamp"),
        (mem0.add, {"messages": "x", "timestamp": [1]} | ALICE, "^timestamp: seconds"),
        (mem0.add, {"messages": [7], "user_id": "alice"}, r"messages\[0\]"),
        (mem0.add, {"messages": [{"role": 7, "content": "x"}]} | ALICE, r"messages\[0\].role"),
        (mem0.search, {"query": "x", "filters": ALICE, "top_k": 0}, "top_k"),
        (mem0.search, {"query": "x", "filters": {"AND": [{"colour": 1}]}}, "colour"),
        (mem0.get_all, {"filters": ALICE, "page": 0}, "page"),
        (mem0.get_all, {"filters": ALICE, "start_date": "soon"}, "^start_date"),
        (mem0.update, {"memory_id": "mem_x", "timestamp": "soon"}, "timestamp"),
        (mem0.batch_update, {"memories": []}, "memories"),
    ]
    for call, fields, words in wrong:
        with pytest.raises(ValidationError, match=words) as caught:
            call(**fields)
        assert isinstance(caught.value.message, str)
    with pytest.raises(MemoryNotFoundError):
        mem0.get("no/such memory")


def test_an_add_of_nothing_does_not_say_that_it_is_stored(mem0: MemoryClient) -> None:
    for said in ("  ", [{"role": "system", "content": "be brief"}]):
        told = mem0.add(said, user_id="alice")
        assert (told["message"], told["results"]) == ("nothing to store", [])


def test_messages_may_have_many_forms(mem0: MemoryClient) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://x.test/cat.png"}}
    added = mem0.add(
        [
            {"role": "user", "content": [{"type": "text", "text": "This is my cat"}, picture]},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "user", "content": picture},
            {"role": "assistant", "content": "A fine cat", "name": "guide"},
        ],
        user_id="alice",
        infer=False,
    )
    assert [each["memory"] for each in added["results"]] == ["This is my cat", "A fine cat"]
    assert mem0.get(added["results"][1]["id"])["actor_id"] == "guide"
    event = httpx.get(f"{mem0.host}/v1/event/{added['event_id']}/").json()
    assert event["metadata"]["not_applied"] == ["messages[0]: image_url", "messages[2]: image_url"]
