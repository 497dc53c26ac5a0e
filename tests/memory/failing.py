"""A store that can be broken, method by method."""

from __future__ import annotations

from typing import Any

from memory.domain.errors import StoreUnavailable


class Failing:
    """A store whose named methods fail as if the process had died there."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.broken: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in self.broken:
            raise StoreUnavailable(f"{name} is broken")
        return getattr(self._inner, name)
