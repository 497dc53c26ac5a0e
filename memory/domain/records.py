"""What upkeep reads and writes of the record: everything that there is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self, TypeVar

from memory.domain.memory import Edge, Interval, Memory, Owner

_Version = TypeVar("_Version", bound=Interval)


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A memory with every version, oldest first.

    If it `holds_claim`, it holds a dedup claim, which keeps out another memory of its content
    (memory.domain.dedup). Every memory does, unless it was stored with `dedup: false`.
    """

    versions: tuple[Memory, ...]
    holds_claim: bool

    @property
    def id(self) -> str:
        return self.versions[0].id

    def until(self, at: int) -> Self | None:
        """The memory as it was recorded by then. None if it was not recorded yet."""
        versions = _until(self.versions, at)
        return replace(self, versions=versions) if versions else None


@dataclass(frozen=True, slots=True)
class EdgeRecord:
    """An edge of an owner with every version, oldest first. Only the last version can be retracted
    without another version in its place."""

    owner: Owner
    versions: tuple[Edge, ...]

    @property
    def id(self) -> str:
        return self.versions[0].id

    def until(self, at: int) -> Self | None:
        """The edge as it was recorded by then. None if it was not recorded yet."""
        versions = _until(self.versions, at)
        return replace(self, versions=versions) if versions else None


Record = MemoryRecord | EdgeRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """What belongs to no owner, as it is stored: a project, a key, the pepper, a receipt.

    `kind` is string, hash or set. The `value` is then a text, a mapping or a list.
    """

    key: str
    kind: str
    value: str | dict[str, str] | list[str]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Edges that leave a memory, as (edge id, record time of the version that was met).

    Each edge is there once. `more` says where the rest begins. It is None if there is no rest.
    """

    edges: tuple[tuple[str, int], ...]
    more: str | None


class Landing(Enum):
    """What became of a record that was to be restored."""

    RESTORED = "restored"
    # Something of this id is there already, equal or not.
    STANDS = "stands"
    # What the memory superseded, or an end of the edge, is not there.
    LACKS = "lacks"
    # The target of the SUPERSEDES edge has a successor already.
    SUPERSEDED = "superseded"


def _until(versions: tuple[_Version, ...], at: int) -> tuple[_Version, ...]:
    known = [version for version in versions if version.recorded_at <= at]
    if known and known[-1].retracted_at is not None and known[-1].retracted_at > at:
        known[-1] = replace(known[-1], retracted_at=None)
    return tuple(known)
