"""Reads the lines of a body that is an export or a part of one: each becomes what it means, or a
refusal of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from deployments.api.errors import invalid
from deployments.api.transfer.line_format import FORMAT, EntryLine, MemoryLine, RelationshipLine
from memory.domain.errors import InvalidInput, Mem0gError, TooLarge
from memory.domain.memory import Owner
from memory.domain.records import Entry, Record

# Of a body; deployments/backup.py sends no more at once.
MOST_LINES = 10_000
_SILENT = frozenset({"end", "progress"})


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts from 1 in the body. `old_id` is what the line calls its record."""

    number: int
    meaning: Record | Entry | Mem0gError
    old_id: str = ""
    project_id: str = ""


async def read_lines(body: bytes, owner: Owner | None = None) -> list[Line]:
    """What the lines mean; headers, ends and blank lines mean nothing. `owner` is whose edges are
    that name none. Raises TooLarge for too many lines. Megabytes are read in a thread: other
    requests go on meanwhile."""
    if body.count(b"\n") + (not body.endswith(b"\n")) > MOST_LINES:
        raise TooLarge(f"the body has more than {MOST_LINES} lines")
    return await asyncio.to_thread(lambda: [*_lines(body, owner)])


def _lines(body: bytes, owner: Owner | None) -> Iterator[Line]:
    for number, raw in enumerate(body.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            line = _read(number, _object(raw), owner)
        except ValidationError as error:
            line = Line(number, invalid(error.errors()))
        except Mem0gError as error:
            line = Line(number, error)
        if line is not None:
            yield line


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidInput("the line is not valid JSON") from None
    if not isinstance(found, dict):
        raise InvalidInput("the line is no JSON object")
    return found


def _read(number: int, fields: dict[str, Any], owner: Owner | None) -> Line | None:
    if "mem0g" in fields:
        if fields.get("format") != FORMAT:
            raise InvalidInput(f"this version reads format {FORMAT} of an export")
        return None
    match fields.get("type"):
        case "memory":
            meaning: Record = MemoryLine.model_validate(fields).record(owner)
        case "relationship":
            meaning = RelationshipLine.model_validate(fields).record(owner)
        case "entry":
            return Line(number, EntryLine.model_validate(fields).entry())
        case str() as kind if kind in _SILENT:
            return None
        case _:
            raise InvalidInput("type: memory, relationship or, in a backup, entry")
    return Line(number, meaning, meaning.id, str(fields.get("project_id") or ""))
