"""What text and JSON a memory may hold: the wire's limits, checked before anything is stored."""

from __future__ import annotations

from math import isfinite
from typing import Any

import orjson

MAX_CONTENT_BYTES = 64 * 1024
MAX_METADATA_BYTES = 32 * 1024
MAX_METADATA_DEPTH = 8
MAX_ENTITY_LENGTH = 256


def storable(text: str) -> str:
    """Any text that both stores keep unchanged. Raises ValueError."""
    if "\x00" in text:
        raise ValueError("NUL characters cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half of a surrogate pair") from None
    return text


def content(text: str) -> str:
    if not storable(text).strip():
        raise ValueError("content must not be blank")
    if len(text.encode()) > MAX_CONTENT_BYTES:
        raise ValueError("content must not be longer than 64 KB")
    return text


def entity(text: str) -> str:
    """An id of a user, agent, app or session. They are compared byte for byte, so nothing is let
    in that a store or a person would read as another id."""
    if not 1 <= len(storable(text)) <= MAX_ENTITY_LENGTH:
        raise ValueError(f"an id has 1 to {MAX_ENTITY_LENGTH} characters")
    if text == "*" or text != text.strip():
        raise ValueError("an id is not * and has no blanks at its ends")
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in text):
        raise ValueError("an id has no control characters")
    return text


def metadata(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object within its limits. The walk is no recursion: the depth is the caller's."""
    todo: list[tuple[Any, int]] = [(value, 1)]
    while todo:
        each, level = todo.pop()
        if isinstance(each, dict | list):
            if level > MAX_METADATA_DEPTH:
                raise ValueError(f"metadata must not be deeper than {MAX_METADATA_DEPTH} levels")
            if isinstance(each, dict):
                todo += [(key, level + 1) for key in each]
            inner = each.values() if isinstance(each, dict) else each
            todo += [(child, level + 1) for child in inner]
        elif isinstance(each, str):
            storable(each)
        elif isinstance(each, float) and not isfinite(each):
            raise ValueError("metadata numbers must be finite")
        elif isinstance(each, int) and not -(2**63) <= each < 2**63:
            raise ValueError("metadata integers must fit into 64 bits")
    if len(orjson.dumps(value)) > MAX_METADATA_BYTES:
        raise ValueError("metadata must not be larger than 32 KB")
    return value
