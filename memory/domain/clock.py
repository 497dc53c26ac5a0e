"""Instants: microseconds since 1970, UTC, as plain integers; an open end is None."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from memory.domain.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

SECOND = 1_000_000
DAY = 86_400 * SECOND
EARLIEST = (datetime(1700, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST = (datetime(2250, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND

AT_COMMIT = -(2**62)
"""Stands for the record time, which only the commit script knows (Redis is the clock)."""


def now() -> int:
    """By this process's clock: for what no record depends on, where Redis is not asked."""
    return time.time_ns() // 1_000


def parse_instant(text: str, field: str) -> int:
    """Read ISO 8601; naive times are UTC.

    Raises InvalidInput for anything else and for times before 1700 or from 2250 on, which
    neither a double in Redis nor a fixed-width key could carry exactly.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field} is not an ISO 8601 time: {text[:40]!r}") from None
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        instant = (moment - _EPOCH) // _MICROSECOND
    except OverflowError:
        instant = LATEST
    if not EARLIEST <= instant < LATEST:
        raise InvalidInput(f"{field} must lie between the years 1700 and 2250: {text[:40]!r}")
    return instant


def moment(instant: int) -> datetime:
    """The same instant, in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: int) -> str:
    """ISO 8601 with six decimals and a Z, the one form the service answers with."""
    return moment(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_end(instant: int | None) -> str | None:
    """The same of an end, which may be open."""
    return None if instant is None else format_instant(instant)


def format_day(instant: int) -> str:
    """The day on which it falls, in UTC."""
    return format_instant(instant)[:10]
