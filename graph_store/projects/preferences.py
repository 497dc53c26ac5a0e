"""A project's preferences as fields of its record: one field a preference, as JSON, so that two
who change different ones do not undo each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import orjson

from memory.domain.preferences import Preferences

_NAMES = tuple(preference.name for preference in fields(Preferences))
# In the order that `unpack` takes them.
FIELDS = tuple(f"prefers:{name}" for name in _NAMES)


def unpack(texts: Sequence[str | None]) -> Preferences:
    given = zip(_NAMES, texts, strict=True)
    return Preferences.read({name: orjson.loads(text) for name, text in given if text is not None})


def pack(changes: Mapping[str, Any]) -> dict[str, str]:
    """Fields to write, of preferences by their names."""
    assert set(changes) <= set(_NAMES), "no such preference"
    return {f"prefers:{name}": orjson.dumps(value).decode() for name, value in changes.items()}
