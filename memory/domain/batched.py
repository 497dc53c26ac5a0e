"""A sequence in batches: what one trip to a store may carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in order, `size` at a time. The last batch may be shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
