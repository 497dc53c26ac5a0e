"""The forms in which a conversation is written."""

from __future__ import annotations

import httpx
from mem0 import MemoryClient


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
