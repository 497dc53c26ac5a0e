"""Of several changes, those that were refused are named."""

from __future__ import annotations

import pytest

from deployments.api.mem0.changing import refuse_undone
from memory.domain.errors import NotFound, Refused

GONE = Refused.of(NotFound("no memory"))


def test_nothing_is_raised_if_all_is_done() -> None:
    refuse_undone(["a", "b"], [None, None])


def test_the_first_refusal_names_what_is_not_done() -> None:
    with pytest.raises(NotFound) as raised:
        refuse_undone(["a", "b", "c"], [GONE, None, GONE])
    assert raised.value.message == "no memory (1 of 3 are done; not a, c)"


def test_no_more_than_ten_are_named() -> None:
    ids = [f"m{number}" for number in range(12)]
    with pytest.raises(NotFound) as raised:
        refuse_undone(ids, [GONE] * 12)
    assert raised.value.message.endswith("not m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, …)")
