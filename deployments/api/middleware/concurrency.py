"""How many calls one replica takes at once, and how many of them from one key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from access.model import Pass
from memory.domain.errors import Overloaded


class ConcurrencyLimit:
    """So many slots; a call holds one for as long as it runs. `full` is what a call without one is
    told."""

    def __init__(self, slots: int, full: str) -> None:
        self._slots, self._full, self._taken = slots, full, 0
        self._share = max(1, slots // 2)
        self._taken_by: Counter[str] = Counter()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Raises Overloaded if none is free."""
        if self._taken >= self._slots:
            raise Overloaded(f"{self._full}; try again shortly")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    @contextmanager
    def share(self, visitor: Pass) -> Iterator[None]:
        """To be held within a slot. No key but the admin key holds more than half of all slots.
        Raises Overloaded if this one does already."""
        if visitor.everywhere:
            yield
            return
        if self._taken_by[visitor.key_id] >= self._share:
            raise Overloaded(f"{self._full} with this key; close one first")
        self._taken_by[visitor.key_id] += 1
        try:
            yield
        finally:
            self._taken_by[visitor.key_id] -= 1
            if not self._taken_by[visitor.key_id]:
                del self._taken_by[visitor.key_id]
