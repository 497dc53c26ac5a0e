"""What a project prefers, as it is kept."""

from __future__ import annotations

import json
from dataclasses import asdict

from memory.domain.preferences import NO_PREFERENCES, Preferences


def test_preferences_are_read_as_they_were_kept() -> None:
    preferences = Preferences(
        description="a shop", custom_categories=(("home", "where"), ("work", "")), decay=True
    )
    assert Preferences.read(json.loads(json.dumps(asdict(preferences)))) == preferences


def test_what_a_later_version_keeps_is_left_out() -> None:
    assert Preferences.read({"colour": "red", "multilingual": True}) == Preferences(
        multilingual=True
    )
    assert Preferences.read({}) == NO_PREFERENCES
