"""Metadata and categories as tokens that both vector stores index alike.

Callers choose the metadata keys, so keys never become columns. Each scalar, and each scalar in a
list, becomes one token `m:<length>:<key>=<type>:<value>`. Each category becomes `c=<category>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST_TOKEN = 256


def metadata_tokens(metadata: Mapping[str, Any], categories: Iterable[str]) -> tuple[str, ...]:
    """The tokens of a memory, without repetitions, in a fixed order."""
    tokens = [category_token(category) for category in categories]
    for key, value in metadata.items():
        tokens += [value_token(key, scalar) for scalar in scalars(value)]
    return tuple(dict.fromkeys(tokens))


def category_token(name: str) -> str:
    return _short(f"c={name}")


def value_token(key: str, value: Any) -> str:
    """The token of a scalar: null, a boolean, a number or a text."""
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
    """The scalars in a metadata value: the value itself, or the scalars of a list. An object has
    none."""
    if isinstance(value, list):
        return [element for element in value if not isinstance(element, dict | list)]
    return [] if isinstance(value, dict) else [value]


def _number(value: int | float) -> str:
    """1 and 1.0 are equal in JSON, so they get the same token."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _short(token: str) -> str:
    """The token, or its hash: Weaviate would trim blanks at the ends of a token, and would refuse
    a long one."""
    if len(token) <= _LONGEST_TOKEN and token == token.strip():
        return token
    return f"h={hashlib.sha256(token.encode()).hexdigest()}"
