"""A sequence in parts: what one trip to a store may carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def parts(several: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """In order, `size` at a time; the last one may be shorter."""
    for start in range(0, len(several), size):
        yield several[start : start + size]
