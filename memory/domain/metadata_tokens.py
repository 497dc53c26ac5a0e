"""Metadata and categories as tokens that both vector stores index alike.

Metadata keys are free, so they never become columns: each scalar (and each scalar in a list)
becomes one token `m:<length>:<key>=<type>:<value>`, each category `c=<category>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST_TAG = 256


def tags(metadata: Mapping[str, Any], categories: Iterable[str]) -> tuple[str, ...]:
    """Tokens of a memory, without repetitions, in a fixed order."""
    found = [category_tag(category) for category in categories]
    for key, value in metadata.items():
        found += [value_tag(key, each) for each in scalars(value)]
    return tuple(dict.fromkeys(found))


def category_tag(name: str) -> str:
    return _short(f"c={name}")


def value_tag(key: str, value: Any) -> str:
    """Of a scalar: null, a boolean, a number or a text."""
    if value is None:
        text = "null"
    elif isinstance(value, bool):
        text = f"b:{str(value).lower()}"
    elif isinstance(value, int | float):
        text = f"n:{_number(value)}"
    else:
        text = f"s:{value}"
    return _short(f"m:{len(key)}:{key}={text}")


def scalars(value: Any) -> list[Any]:
    """What of a metadata value equality is defined for: itself, or the scalars of a list."""
    if isinstance(value, list):
        return [each for each in value if not isinstance(each, dict | list)]
    return [] if isinstance(value, dict) else [value]


def _number(value: int | float) -> str:
    """1 and 1.0 are equal in JSON, so they are the same tag."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _short(tag: str) -> str:
    """Tags with blanks at their ends would be trimmed by Weaviate, long ones refused: hash them."""
    if len(tag) <= _LONGEST_TAG and tag == tag.strip():
        return tag
    return f"h={hashlib.sha256(tag.encode()).hexdigest()}"
