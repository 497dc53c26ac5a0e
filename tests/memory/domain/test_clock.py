"""Instants: what is read, what is refused, and that writing one gives it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.domain.clock import EARLIEST, LATEST, format_instant, parse_instant
from memory.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59.999999", -1),
        ("19700101T000001Z", 1_000_000),
    ],
)
def test_iso_8601_is_read_as_utc(text: str, instant: int) -> None:
    assert parse_instant(text, "valid_from") == instant


@pytest.mark.parametrize(
    "text",
    ["", "now", "12", "2020-13-01", "1699-12-31T23:59:59Z", "2250-01-01", "9999-12-31T23:59-23:59"],
)
def test_what_is_no_time_or_too_far_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="valid_from"):
        parse_instant(text, "valid_from")


@given(st.integers(EARLIEST, LATEST - 1))
def test_writing_and_reading_an_instant_gives_it_back(instant: int) -> None:
    text = format_instant(instant)
    assert len(text) == len("2026-03-01T09:00:00.000000Z")
    assert parse_instant(text, "x") == instant
