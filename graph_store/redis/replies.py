"""Names with values: as commands take them, and as replies have them. The protocol version and a
pipeline each make something else of the same reply; these functions read all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def pairs(rows: Any) -> list[tuple[str, str]]:
    """Names with values or scores, in order: of a mapping, of pairs, or of both in turn."""
    if isinstance(rows, Mapping):
        return [(str(name), str(value)) for name, value in rows.items()]
    if rows and isinstance(rows[0], list | tuple):
        return [(str(name), str(value)) for name, value in rows]
    return list(zip(map(str, rows[::2]), map(str, rows[1::2]), strict=True))


def mapping(rows: Any) -> dict[str, str]:
    return dict(pairs(rows))


def names(rows: Any) -> list[str]:
    return [name for name, _ in pairs(rows)]


def flat(fields: Mapping[str, T]) -> list[str | T]:
    """Names and values in turn."""
    return [part for pair in fields.items() for part in pair]
