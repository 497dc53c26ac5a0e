"""Metadata and categories as tokens that both vector stores index alike.

Metadata keys are free, so they never become columns: each scalar (and each scalar in a list)
becomes one token `m:<length>:<key>=<type>:<value>`, each category `c=<category>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST_TOKEN = 256


def metadata_tokens(metadata: Mapping[str, Any], categories: Iterable[str]) -> tuple[str, ...]:
    """Tokens of a memory, without repetitions, in a fixed order."""
    found = [category_token(category) for category in categories]
    for key, value in metadata.items():
        found += [value_token(key, each) for each in scalars(value)]
    return tuple(dict.fromkeys(found))


def category_token(name: str) -> str:
    return _short(f"c={name}")


def value_token(key: str, value: Any) -> str:
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
    """1 and 1.0 are equal in JSON, so they are the same token."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _short(token: str) -> str:
    """Weaviate would trim blanks at the ends of a token and refuse a long one: hash them."""
    if len(token) <= _LONGEST_TOKEN and token == token.strip():
        return token
    return f"h={hashlib.sha256(token.encode()).hexdigest()}"
