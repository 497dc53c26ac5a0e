"""What upkeep needs of the record: everything there is, rather than what a request names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self, TypeVar

from memory.domain.memory import Edge, Interval, Memory, Owner

_Version = TypeVar("_Version", bound=Interval)


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A memory with every version, oldest first. `holds_claim`: it keeps others of its content
    out (memory.domain.dedup), as all do but those stored with `dedup: false`."""

    versions: tuple[Memory, ...]
    holds_claim: bool

    @property
    def id(self) -> str:
        return self.versions[0].id

    def until(self, at: int) -> Self | None:
        """As it was recorded by then; None where it was not yet."""
        versions = _until(self.versions, at)
        return replace(self, versions=versions) if versions else None


@dataclass(frozen=True, slots=True)
class EdgeRecord:
    """An edge of an owner with every version, oldest first; only the last one can be retracted
    without another in its place."""

    owner: Owner
    versions: tuple[Edge, ...]

    @property
    def id(self) -> str:
        return self.versions[0].id

    def until(self, at: int) -> Self | None:
        """As it was recorded by then; None where it was not yet."""
        versions = _until(self.versions, at)
        return replace(self, versions=versions) if versions else None


Record = MemoryRecord | EdgeRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """What no owner holds, as it is stored: a project, a key, the pepper, a receipt.

    `value` is a text, a mapping or a list, by `kind`: string, hash or set.
    """

    key: str
    kind: str
    value: str | dict[str, str] | list[str]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Edges that leave a memory, each once, with the record time of the version that was met;
    `more` says where the rest begins."""

    edges: tuple[tuple[str, int], ...]
    more: str | None


class Landing(Enum):
    """What became of a record that was to be restored."""

    RESTORED = "restored"
    STANDS = "stands"  # something of this id, equal or not
    LACKS = "lacks"  # what it superseded, or an end of the edge, is not there
    SUPERSEDED = "superseded"  # its target has a successor already


def _until(versions: tuple[_Version, ...], at: int) -> tuple[_Version, ...]:
    known = [each for each in versions if each.recorded_at <= at]
    if known and known[-1].retracted_at is not None and known[-1].retracted_at > at:
        known[-1] = replace(known[-1], retracted_at=None)
    return tuple(known)
