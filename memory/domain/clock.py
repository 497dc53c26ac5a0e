"""Instants: microseconds since 1970 in UTC, as plain integers. An open end is None."""

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

# Stands for the record time, which only the commit script knows: Redis is the clock.
AT_COMMIT = -(2**62)


def now() -> int:
    """Now, by this process's clock. No record may depend on it: Redis is the clock of records."""
    return time.time_ns() // 1_000


def parse_instant(text: str, field: str) -> int:
    """Read an ISO 8601 time. A time without a zone is UTC.

    Raises InvalidInput for anything else. It also raises InvalidInput for times before 1700 or
    from 2250 on: neither a double in Redis nor a fixed-width key could carry them exactly.
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
    """The instant as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: int) -> str:
    """ISO 8601 with six decimals and a Z. The service answers in this form only."""
    return moment(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_end(instant: int | None) -> str | None:
    """As format_instant. None for an open end."""
    return None if instant is None else format_instant(instant)


def format_day(instant: int) -> str:
    """The day of the instant in UTC, as YYYY-MM-DD."""
    return format_instant(instant)[:10]
