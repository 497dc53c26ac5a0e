"""Filters on metadata and categories, as tags that both vector stores index alike.

Metadata keys are free, so they never become columns: each scalar (and each scalar in a list)
becomes one token `m:<key>=<type>:<value>`, each category `c=<category>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from memory.errors import InvalidInput
from memory.model import Memory
from memory.view import Where

MOST_KEYS = 50
"""Of metadata in one filter: each is a condition that the stores evaluate."""
_LONGEST_TAG = 256
_FIELDS = ("agent_id", "session_id", "app_id", "categories", "metadata")


def tags(metadata: Mapping[str, Any], categories: Iterable[str]) -> tuple[str, ...]:
    """Tokens of a memory, without repetitions, in a fixed order."""
    found = [_category(category) for category in categories]
    for key, value in metadata.items():
        found += [_equality(key, each) for each in _scalars(value)]
    return tuple(dict.fromkeys(found))


def where(filters: Mapping[str, Any]) -> Where:
    """Clauses of a search's `filters`; everything given must hold, any category is enough.

    Raises InvalidInput for an unknown field or a value that equality is not defined for.
    """
    result = Where()
    given = filters.get("metadata")
    if isinstance(given, Mapping) and len(given) > MOST_KEYS:
        raise InvalidInput(f"filters.metadata has more than {MOST_KEYS} keys")
    for field, value in filters.items():
        if field == "metadata" and isinstance(value, Mapping):
            for key, expected in value.items():
                if isinstance(expected, dict | list):
                    raise InvalidInput(f"filters.metadata.{key} must be a single value")
                result = result.also("tag", _equality(key, expected))
        elif field == "categories" and value and _texts(value):
            names = [value] if isinstance(value, str) else value
            result = result.also("tag", *(_category(name) for name in names))
        elif field in ("agent_id", "session_id", "app_id") and isinstance(value, str) and value:
            result = result.also(field, value)
        elif field in _FIELDS:
            raise InvalidInput(f"filters.{field} has a value of the wrong kind")
        else:
            raise InvalidInput(f"unknown filter {field!r}; known are {', '.join(_FIELDS)}")
    return result


def satisfied(where: Where, memory: Memory) -> bool:
    """Whether a memory meets a search's own clauses: what the stores check on their versions."""
    if not where.clauses:
        return True
    held = set(tags(memory.metadata, memory.categories))
    return all(
        not held.isdisjoint(values) if field == "tag" else getattr(memory.scope, field) in values
        for field, values in where.clauses
    )


def _texts(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    )


def _scalars(value: Any) -> Iterable[Any]:
    if isinstance(value, list):
        return [each for each in value if not isinstance(each, dict | list)]
    return [] if isinstance(value, dict) else [value]


def _category(name: str) -> str:
    return _short(f"c={name}")


def _equality(key: str, value: Any) -> str:
    if value is None:
        text = "null"
    elif isinstance(value, bool):
        text = f"b:{str(value).lower()}"
    elif isinstance(value, int | float):
        text = f"n:{_number(value)}"
    else:
        text = f"s:{value}"
    return _short(f"m:{len(key)}:{key}={text}")


def _number(value: int | float) -> str:
    """1 and 1.0 are equal in JSON, so they are the same tag."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _short(tag: str) -> str:
    """Tags with blanks at their ends would be trimmed by Weaviate, long ones refused: hash them."""
    if len(tag) <= _LONGEST_TAG and tag == tag.strip():
        return tag
    return f"h={hashlib.sha256(tag.encode()).hexdigest()}"
