"""What callers thought of a memory. Kept beside it and gone with it; no search looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    VERY_NEGATIVE = "VERY_NEGATIVE"


@dataclass(frozen=True, slots=True)
class Feedback:
    verdict: Verdict
    reason: str | None = None


class RatingRecord(Protocol):
    """Part of memory.ports.graph_store.GraphStore."""

    async def rate(self, slot: str, memory_id: str, feedback: Feedback | None) -> bool:
        """False where there is no such memory, and then nothing is kept."""
        ...

    async def feedback(self, slot: str, memory_id: str) -> Feedback | None: ...
