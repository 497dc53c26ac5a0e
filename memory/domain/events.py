"""What happened to an owner's memories, in order: what the live feed tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_POSITION = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
_LARGEST = 2**64 - 1
"""Redis's largest number; a log refuses to say what comes after a position of two of these."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in an owner's log, and the id of the event there: its record time in microseconds,
    and its number among the events of that time."""

    at: int = 0
    index: int = 0

    def __str__(self) -> str:
        return f"{self.at}-{self.index}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """None where the text is no position that an event can come after."""
        match = _POSITION.fullmatch(text)
        if match is None:
            return None
        position = cls(int(match[1]), int(match[2]))
        fits = max(position.at, position.index) <= _LARGEST
        return position if fits and min(position.at, position.index) < _LARGEST else None

    def before(self) -> Position:
        """The one that this one comes right after."""
        if self.index:
            return Position(self.at, self.index - 1)
        return Position(self.at - 1, _LARGEST) if self.at else self


BEGINNING = Position()


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A change of a memory, which then has this `version`, or of an edge, which has these `ends`:
    the ids of its source and its target."""

    position: Position
    kind: str
    thing_id: str
    version: int | None = None
    ends: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Events beyond a position, and how much the log held at that moment: from the event at
    `first` on (None: no event), up to the one at `last`. `dropped`: it has held more."""

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
