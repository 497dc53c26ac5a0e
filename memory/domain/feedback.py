"""What callers thought of a memory. Feedback is kept beside its memory and erased with it. No
search looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    VERY_NEGATIVE = "VERY_NEGATIVE"


@dataclass(frozen=True, slots=True)
class Feedback:
    verdict: Verdict
    reason: str | None = None
