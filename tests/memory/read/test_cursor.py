"""Cursors of lists: read as they were written, good for one list, and for nothing else."""

from __future__ import annotations

import base64

import pytest

from memory.domain.errors import InvalidInput
from memory.domain.ids import mint
from memory.ports.memories import Cursor
from memory.query.views import NOW, View
from memory.read.cursor import PageCursor

PAGE = PageCursor(Cursor(5, mint("mem", "0" * 15)), as_of=6, known_at=7, newest=True)


def written(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert PageCursor.read(PAGE.write()) == PAGE
    assert "=" not in PAGE.write()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "\u00e9",
        PAGE.write()[:-2],
        written("5.6.7.1.mem_x"),
        written(f"5.6.1.{PAGE.position.memory_id}"),
        written(f"five.6.7.1.{PAGE.position.memory_id}"),
        written(f"5.{10**18}.7.1.{PAGE.position.memory_id}"),
    ],
)
def test_what_nobody_gave_out_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        PageCursor.read(text)


def test_a_cursor_pins_both_instants_and_refuses_another_list() -> None:
    view = View(expired=True)
    assert PAGE.continues(view, True) == View(as_of=6, known_at=7, expired=True)
    assert PAGE.continues(View(as_of=6, known_at=7), True) == View(as_of=6, known_at=7)
    for other, newest in ((View(as_of=5), True), (View(known_at=6), True), (NOW, False)):
        with pytest.raises(InvalidInput, match="cursor was given out for"):
            PAGE.continues(other, newest)
