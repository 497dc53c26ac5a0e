"""How Mem0's clients write instants and days."""

from __future__ import annotations

import re

from memory.domain.clock import DAY, EARLIEST, LATEST, SECOND, parse_instant
from memory.domain.errors import InvalidInput

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def written(value: object) -> object:
    """What may be a moment: JSON's numbers and texts. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("seconds since 1970, a day, or an ISO 8601 time")
    return value


def check(value: str | None, field: str) -> None:
    """That a text is a day or a time. Raises InvalidInput with the name of the field."""
    if value is not None:
        parse_instant(value, field)


def moment(value: int | float | str, field: str) -> int:
    """Microseconds since 1970 of seconds since 1970, or of an ISO 8601 day or time; UTC if it
    names no zone. Raises InvalidInput."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return parse_instant(value, field)
        value = float(value)
    if not EARLIEST <= value * SECOND < LATEST:  # NaN is not
        raise InvalidInput(f"{field} is no number of seconds since 1970, or no time we can keep")
    return round(value * SECOND)


def end_of(day: str, field: str) -> int:
    """When what expires on a day ends: the midnight after it, UTC. Raises InvalidInput."""
    if not _DAY.fullmatch(day):
        raise InvalidInput(f"{field} is a day, YYYY-MM-DD")
    end = parse_instant(day, field) + DAY
    if end >= LATEST:
        raise InvalidInput(f"{field} must lie before the year 2250")
    return end
