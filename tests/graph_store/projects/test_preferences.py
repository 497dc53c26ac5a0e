"""Preferences: one field each, so that two who change different ones do not undo each other."""

from __future__ import annotations

import pytest

from graph_store.projects import preferences
from memory.domain.preferences import NO_PREFERENCES, Preferences


def unpacked(stored: dict[str, str]) -> Preferences:
    return preferences.unpack([stored.get(field) for field in preferences.FIELDS])


def test_what_nobody_has_set_is_the_default() -> None:
    assert unpacked({}) == NO_PREFERENCES


def test_changes_of_two_are_both_kept() -> None:
    one = preferences.pack({"decay": True})
    other = preferences.pack({"custom_categories": [["food", "what they eat"]]})
    assert not one.keys() & other.keys()
    found = unpacked(one | other)
    assert (found.decay, found.custom_categories) == (True, (("food", "what they eat"),))


def test_an_unknown_preference_is_never_written() -> None:
    with pytest.raises(AssertionError, match="no such preference"):
        preferences.pack({"colour": "blue"})
