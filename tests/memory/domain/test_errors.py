"""Errors as values: what a handle or a batch carries is the same error on the other side."""

from __future__ import annotations

import pytest

from memory.domain.errors import Mem0gError, NotFound, Overloaded, Refused, Unavailable

KINDS = sorted(Mem0gError.by_code.values(), key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_an_error_comes_back_from_its_value(kind: type[Mem0gError]) -> None:
    error = Refused.of(kind("what is wrong")).error()
    assert type(error) is kind
    assert error.message == str(error.args[0]) == "what is wrong"


def test_when_to_try_again_is_carried_along() -> None:
    assert Refused.of(NotFound("gone")).retry_after is None
    error = Refused.of(Overloaded("busy", retry_after=7)).error()
    assert isinstance(error, Unavailable)
    assert error.retry_after == 7


def test_a_code_that_nobody_knows_is_an_error_all_the_same() -> None:
    assert type(Refused("of a later version", "x").error()) is Mem0gError


def test_every_error_of_the_tree_can_be_told_by_its_code() -> None:
    assert len(KINDS) > 15
    for code in ("invalid_input", "not_found", "store_unavailable", "startup_refused"):
        assert Mem0gError.by_code[code].code == code
