"""Instants and days as Mem0's clients write them."""

from __future__ import annotations

import pytest

from deployments.api.mem0.schemas import times
from memory.domain.clock import parse_instant
from memory.domain.errors import InvalidInput

MARCH = parse_instant("2026-03-01T00:00:00Z", "march")


@pytest.mark.parametrize(
    "value", ["2026-03-01", "2026-03-01T01:00:00+01:00", MARCH // 10**6, str(MARCH // 10**6)]
)
def test_a_moment_is_a_day_a_time_or_seconds(value: int | str) -> None:
    assert times.moment(value, "timestamp") == MARCH


@pytest.mark.parametrize("value", ["soon", 10**12, float("nan"), float("inf"), "-99999999999"])
def test_what_is_no_moment_is_refused_by_its_name(value: float | str) -> None:
    with pytest.raises(InvalidInput, match=r"^timestamp"):
        times.moment(value, "timestamp")


def test_what_expires_on_a_day_ends_at_the_midnight_after_it() -> None:
    assert times.end_of("2026-02-28", "expiration_date") == MARCH
    for day in ("2026-02-28T00:00:00Z", "soon", "2249-12-31"):
        with pytest.raises(InvalidInput, match=r"^expiration_date"):
            times.end_of(day, "expiration_date")


def test_only_numbers_and_texts_may_be_moments() -> None:
    assert times.written("2026") == "2026"
    for value in (True, [1], None):
        with pytest.raises(ValueError, match="seconds since 1970"):
            times.written(value)
