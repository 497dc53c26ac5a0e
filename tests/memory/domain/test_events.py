"""Positions in an owner's log, and whether a log still holds what came after one."""

from __future__ import annotations

import pytest

from memory.domain.events import BEGINNING, LogPage, Position

MOST = 2**64 - 1


@pytest.mark.parametrize("position", [BEGINNING, Position(5, 3), Position(MOST, MOST - 1)])
def test_a_position_is_read_as_it_is_written(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "text", ["", "5", "5-", "-3", "5-3 ", "5-3-1", "a-b", f"{MOST + 1}-0", f"{MOST}-{MOST}"]
)
def test_what_no_event_can_come_after_is_no_position(text: str) -> None:
    assert Position.parse(text) is None


def test_positions_are_in_the_order_of_the_log() -> None:
    order = [BEGINNING, Position(0, 1), Position(1, 0), Position(1, 10), Position(10, 0)]
    assert sorted([*order[2:], *order[:2]]) == order
    for position in order[1:]:
        assert position.before() < position
    assert Position(1, 0).before() == Position(0, MOST)
    assert Position(1, 5).before() == Position(1, 4)
    assert BEGINNING.before() == BEGINNING


@pytest.mark.parametrize(
    ("position", "dropped", "continues"),
    [
        (Position(3, 0), False, True),
        (Position(3, 0), True, False),
        (Position(4, 9), True, False),
        (Position(5, 0).before(), True, True),
        (Position(5, 0), True, True),
        (Position(9, 0), True, True),
        (Position(9, 1), False, False),
    ],
)
def test_a_log_continues_what_it_has_dropped_nothing_of(
    position: Position, dropped: bool, continues: bool
) -> None:
    page = LogPage([], first=Position(5, 0), last=Position(9, 0), dropped=dropped)
    assert page.continues(position) is continues


def test_a_log_that_dropped_everything_continues_only_its_end() -> None:
    page = LogPage([], first=None, last=Position(9, 0), dropped=True)
    assert page.continues(Position(9, 0))
    assert not page.continues(Position(8, 0))
