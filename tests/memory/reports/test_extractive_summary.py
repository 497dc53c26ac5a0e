"""The memories that say the most of what is said."""

from __future__ import annotations

from memory.reports.extractive_summary import central
from tests.memory.given import memory


def told(*contents: str, most: int) -> list[str]:
    memories = [memory(content, valid_from=number) for number, content in enumerate(contents)]
    return [each.content for each in central(memories, most)]


def test_what_most_speak_of_comes_first_and_then_something_else() -> None:
    said = ("tea in Oslo", "tea", "tea and cake", "chess")
    assert told(*said, most=1) == ["tea"]
    assert told("boats", "tea", "green tea", "tea leaves", most=1) == ["tea"]
    two = told("tea tea", "tea", "chess club", most=2)
    assert "chess club" in two


def test_the_same_words_are_told_once_and_the_oldest_first() -> None:
    assert told("likes tea", "Likes TEA!", "plays chess", most=3) == ["likes tea", "plays chess"]


def test_who_says_nothing_is_not_told() -> None:
    assert told("the", "of it", most=3) == []
    assert told(most=3) == []
    assert told("tea", "chess", most=0) == []
