"""What a project prefers: how facts are taken from its conversations, and how they are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Preferences:
    """Mem0's project settings. `custom_categories` are names with descriptions. With `decay` older
    memories score lower."""

    description: str = ""
    custom_instructions: str = ""
    agent_custom_instructions: str = ""
    custom_categories: tuple[tuple[str, str], ...] = ()
    multilingual: bool = False
    decay: bool = False

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Read JSON that is keyed by the names of the fields. Unknown names are left out."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in kept.items() if name in known}
        pairs = values.get("custom_categories", ())
        return cls(**{**values, "custom_categories": tuple((name, text) for name, text in pairs)})


NO_PREFERENCES = Preferences()
