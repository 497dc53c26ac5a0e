"""What a writer was told is stored: nothing more may be there, and nothing less."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True)
class Kept:
    """A memory as its last acknowledged write left it."""

    id: str
    user: str
    session: str
    contents: tuple[str, ...]
    """Of every version that a correction made, oldest first."""
    ended: bool = False
    successor: str | None = None

    @property
    def content(self) -> str:
        return self.contents[-1]

    @property
    def version(self) -> int:
        return len(self.contents) + self.ended


@dataclass(frozen=True)
class Related:
    """An edge that stands."""

    id: str
    user: str
    source: str
    target: str
    relation: str
    amended: int = 0


@dataclass
class Ledger:
    """Acknowledged writes, by id."""

    memories: dict[str, Kept] = field(default_factory=dict)
    edges: dict[str, Related] = field(default_factory=dict)
    erased: dict[str, Kept] = field(default_factory=dict)

    @classmethod
    def merged(cls, parts: Iterable[Self]) -> Self:
        whole = cls()
        for part in parts:
            whole.memories |= part.memories
            whole.edges |= part.edges
            whole.erased |= part.erased
        return whole

    def keep(self, memory: Kept) -> None:
        self.memories[memory.id] = memory

    def supersede(self, old: Kept, new: Kept) -> None:
        self.keep(replace(old, ended=True, successor=new.id))
        self.keep(new)

    def erase(self, gone: Kept) -> None:
        """Its edges go with it; what it had superseded stays ended, without a successor."""
        self.erased[gone.id] = self.memories.pop(gone.id)
        for each in [each for each in self.memories.values() if each.successor == gone.id]:
            self.keep(replace(each, successor=None))
        self.edges = {
            each.id: each
            for each in self.edges.values()
            if gone.id not in (each.source, each.target)
        }

    def valid(self) -> list[Kept]:
        return [each for each in self.memories.values() if not each.ended]
