"""A sequence in batches."""

from __future__ import annotations

import pytest

from memory.domain.batched import batched


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (9, [3, 3, 3])]
)
def test_batches_hold_everything_in_order_and_only_the_last_is_shorter(
    count: int, sizes: list[int]
) -> None:
    batches = list(batched(range(count), 3))
    assert [len(batch) for batch in batches] == sizes
    assert [number for batch in batches for number in batch] == list(range(count))
