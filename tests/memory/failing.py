"""A store that can be broken, method by method."""

from __future__ import annotations

from typing import Any

from memory.domain.errors import StoreUnavailable


class FailingRecord:
    """A graph store of which every part can be broken."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if callable(found):
            return found
        part = self.__dict__[name] = Failing(found)
        return part


class Failing:
    """A store whose named methods fail as if the process had died there."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.broken: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in self.broken:
            raise StoreUnavailable(f"{name} is broken")
        return getattr(self._inner, name)
