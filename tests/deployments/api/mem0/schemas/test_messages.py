"""The forms in which a conversation is written."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.api.mem0.schemas.messages import said
from memory.domain.errors import InvalidInput

PICTURE = {"type": "image_url", "image_url": {"url": "https://x.test/cat.png"}}


@pytest.mark.parametrize(
    "messages",
    [
        "likes tea",
        ["likes tea"],
        {"role": "user", "content": "likes tea"},
        [{"role": "human", "content": [{"type": "text", "text": "likes tea"}]}],
        [{"content": {"type": "input_text", "text": "likes tea"}}, {"role": "tool"}],
    ],
)
def test_every_form_says_the_same(messages: Any) -> None:
    (message,), unused = said(messages)
    assert (message.role, message.content, unused) == ("user", "likes tea", ())


def test_what_is_no_text_is_named() -> None:
    spoken, unused = said([{"role": "AI", "name": "guide", "content": ["A cat", PICTURE]}])
    assert [(each.role, each.content, each.name) for each in spoken] == [
        ("assistant", "A cat", "guide")
    ]
    assert unused == ("messages[0]: image_url",)


@pytest.mark.parametrize(
    ("messages", "place"),
    [
        ([], "messages"),
        (["x"] * 1_001, "messages"),
        (7, "messages"),
        ([7], r"messages\[0\]"),
        ([{"role": 7, "content": "x"}], r"messages\[0\].role"),
        (["x", {"content": [7]}], r"messages\[1\].content"),
        ([{"content": "x", "name": " x"}], r"messages\[0\].name"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(messages: Any, place: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{place}"):
        said(messages)
