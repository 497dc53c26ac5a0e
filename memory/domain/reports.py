"""Reports: memories put into the shape that a caller wants them in, or told in a few sentences.

A report that was saved keeps what was asked and when, and no text: it is written each time it is
read, of the memories as they were known when it was saved, without those erased since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
"""A JSON Schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`instructions` say in words how to fill the schema; `known_at` is when it was saved, `bound`
    the owner hash of the only user that whoever saved it may see."""

    id: str
    filters: Mapping[str, Any]
    schema: Schema
    instructions: str
    known_at: int
    bound: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A report without what it says."""

    id: str
    filters: Mapping[str, Any]
    bound: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """`count` memories meet the filters; the text is of the newest thousand at most. `memory_ids`
    are those whose sentences it is made of; `method` is "extractive" or the name of the language
    model that wrote it, which is given the newest five hundred."""

    text: str
    count: int
    memory_ids: Sequence[str]
    method: str
