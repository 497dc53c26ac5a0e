"""Cursors of lists: read as they were written, good for one list, and for nothing else."""

from __future__ import annotations

import base64

import pytest

from memory.domain.errors import InvalidInput
from memory.domain.ids import mint
from memory.domain.memory import Scope
from memory.ports.memories import Cursor
from memory.query.views import NOW, View
from memory.read.listings import Listing, PageCursor
from memory.service.service import MemoryService
from tests.memory.given import ALICE, DEFAULT, PROJECT, stored

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


@pytest.mark.parametrize(
    ("scope", "narrow"),
    [
        (ALICE, False),
        (Scope(user_id="alice", session_id="s"), True),
        (Scope(agent_id="helper"), True),
    ],
)
def test_only_a_users_own_list_is_all_that_its_owner_has(scope: Scope, narrow: bool) -> None:
    assert Listing(PROJECT, [], scope, None, newest=True).narrow is narrow


async def test_long_memories_end_a_page_early_and_its_cursor_leads_on(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.read.listings.MOST_CHARACTERS", 1_000)
    for number in range(4):
        await stored(service, f"{number} " + "word " * 150)
    page = await service.memories.page(DEFAULT, ALICE, 10, None, False)
    assert len(page.memories) == 2
    rest = await service.memories.page(DEFAULT, ALICE, 10, page.next_cursor, False)
    assert [memory.content[0] for memory in [*page.memories, *rest.memories]] == [*"0123"]


async def test_a_list_of_few_among_many_is_filled_from_several_trips(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.read.listings._POSITIONS_A_TRIP", 2)
    named = Scope(user_id="alice", agent_id="helper")
    wanted = [(await stored(service, f"with helper {number}", named)).id for number in range(3)]
    for number in range(8):
        await stored(service, f"alone {number}")
    page = await service.memories.page(DEFAULT, named, 3, None, True)
    assert [memory.id for memory in page.memories] == wanted[::-1]
    assert page.next_cursor is None
