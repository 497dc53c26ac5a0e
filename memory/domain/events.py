"""The log of an owner: what happened to the owner's memories, in order. The live feed tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_POSITION = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
# The largest number in a position of Redis. Redis refuses to say what comes after a position in
# which both numbers are the largest.
_LARGEST = 2**64 - 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A position in an owner's log. It is also the id of the log event there.

    `at` is the record time of the event, in microseconds. `index` is the number of the event among
    the events of that time.
    """

    at: int = 0
    index: int = 0

    def __str__(self) -> str:
        return f"{self.at}-{self.index}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """Read a position. None if the text is no position that an event can come after."""
        match = _POSITION.fullmatch(text)
        if match is None:
            return None
        position = cls(int(match[1]), int(match[2]))
        fits = max(position.at, position.index) <= _LARGEST
        return position if fits and min(position.at, position.index) < _LARGEST else None

    def before(self) -> Position:
        """The position right before this one. The first position is before itself."""
        if self.index:
            return Position(self.at, self.index - 1)
        return Position(self.at - 1, _LARGEST) if self.at else self


BEGINNING = Position()


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A change of a memory or of an edge.

    `version` is the version that a memory has after the change. `ends` are the ids of an edge's
    source and target.
    """

    position: Position
    kind: str
    thing_id: str
    version: int | None = None
    ends: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Log events beyond a position, and how much the log held at that moment.

    The log held the events from `first` to `last`. `first` is None if it held no event. If
    `dropped`, the log held older events before.
    """

    events: Sequence[LogEvent]
    first: Position | None
    last: Position
    dropped: bool

    def continues(self, position: Position) -> bool:
        """Whether the log still holds every event that came after the position."""
        if position > self.last:
            return False
        oldest = self.last if self.first is None else self.first.before()
        return not self.dropped or position >= oldest
