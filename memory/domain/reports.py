"""Reports: memories in the shape that a caller wants, or told in a few sentences.

A saved report keeps what was asked and when. It keeps no text. It is written each time it is read,
from the memories as they were known when it was saved. Memories that were erased since are left
out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A JSON Schema.
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A saved report. `instructions` say in words how to fill the schema. `known_at` is the instant
    at which it was saved. `bound` is the owner hash of the only user that its caller may see."""

    id: str
    filters: Mapping[str, Any]
    schema: Schema
    instructions: str
    known_at: int
    bound: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """Which memories a saved report is about, without what it asks to be said of them."""

    id: str
    filters: Mapping[str, Any]
    bound: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A text about the memories that meet the filters.

    `count` memories meet them. The text is made from the newest thousand at most. `memory_ids` name
    the memories whose sentences it is made of. `method` is "extractive", or the name of the
    language model that wrote the text. The model is given the newest five hundred.
    """

    text: str
    count: int
    memory_ids: Sequence[str]
    method: str
