"""Claims on intervals, and transactions that are commits of an operation."""

from __future__ import annotations

import pytest

from memory.domain.idempotency import Answer, Operation
from memory.domain.transaction import Expect, Holding, Transaction
from tests.memory.given import memory


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "covers", "overlaps"),
    [
        (10, 20, True, True),
        (12, 15, True, True),
        (9, 15, False, True),
        (15, 21, False, True),
        (15, None, False, True),
        (5, 10, False, False),
        (20, 30, False, False),
        (20, None, False, False),
        (5, 30, False, True),
    ],
)
def test_what_is_held_from_10_to_20(
    valid_from: int, valid_to: int | None, covers: bool, overlaps: bool
) -> None:
    held = Holding("mem_1", 10, 20)
    assert held.covers(valid_from, valid_to) is covers
    assert held.overlaps(valid_from, valid_to) is overlaps


def test_what_is_held_for_good() -> None:
    held = Holding("mem_1", 10, None)
    assert held.covers(10, None)
    assert held.overlaps(0, 11)
    assert not held.overlaps(0, 10)


def test_a_transaction_of_an_operation_is_known_by_its_item() -> None:
    thing = memory()
    transaction = Transaction("slot", 5, [Expect(thing)])
    assert transaction.operation != Transaction("slot", 5, [Expect(thing)]).operation
    answer = Answer(thing.id)
    assert transaction.once(None, answer) == transaction
    operation = Operation("op", "digest", nonce="n", job="a job")
    once = transaction.once(operation, answer, 3)
    assert (once.operation, once.answer, once.job) == (operation.item(3), answer, "a job")
    assert (once.slot, once.now, once.writes) == ("slot", 5, [Expect(thing)])
