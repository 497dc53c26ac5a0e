"""How many calls one replica takes at once, and how many of them from one key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from access.model import Pass
from memory.domain.errors import Overloaded


class Places:
    """How many may be inside at once."""

    def __init__(self, most: int, full: str) -> None:
        self._most, self._full, self._taken = most, full, 0
        self._share = max(1, most // 2)
        self._of_key: Counter[str] = Counter()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises Overloaded."""
        if self._taken >= self._most:
            raise Overloaded(f"{self._full}; try again shortly")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    @contextmanager
    def share(self, visitor: Pass) -> Iterator[None]:
        """Within a place: no key has more than half of them, but for the admin key. Raises
        Overloaded."""
        if visitor.everywhere:
            yield
            return
        if self._of_key[visitor.key_id] >= self._share:
            raise Overloaded(f"{self._full} with this key; close one first")
        self._of_key[visitor.key_id] += 1
        try:
            yield
        finally:
            self._of_key[visitor.key_id] -= 1
            if not self._of_key[visitor.key_id]:
                del self._of_key[visitor.key_id]
