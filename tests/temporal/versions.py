"""What a timeline is made of: versions in lists, in the wire's shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Json = dict[str, Any]
Ends = tuple[str, str, str]
"""Source, relation, target."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // _MICROSECOND


def iso(instant: int) -> str:
    return (_EPOCH + instant * _MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def last_day(end: int | None) -> str | None:
    """The day that an end of its own leaves a version, the whole of it or a part."""
    return None if end is None else (_EPOCH + (end - 1) * _MICROSECOND).strftime("%Y-%m-%d")


class Scope(NamedTuple):
    """None in a read's scope: any."""

    session_id: str | None = None
    agent_id: str | None = None

    def holds(self, node: Json) -> bool:
        return all(value in (None, node[name]) for name, value in self._asdict().items())


ANYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class View:
    as_of: int | None = None
    known_at: int | None = None
    superseded: bool = False
    expired: bool = False

    @property
    def explicit(self) -> bool:
        return self.as_of is not None or self.known_at is not None


@dataclass(frozen=True, slots=True)
class Version:
    """True in [valid_from, valid_to), known from `recorded` until the next one is recorded."""

    valid_from: int
    valid_to: int | None
    recorded: int
    metadata: Json
    content: str = ""
    event: str = "ADD"

    def valid(self, at: int) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    def says_as(self, other: Version) -> bool:
        return replace(self, recorded=0, event="") == replace(other, recorded=0, event="")

    def stamps(self) -> Json:
        return {
            "valid_from": iso(self.valid_from),
            "valid_to": None if self.valid_to is None else iso(self.valid_to),
            "updated_at": iso(self.recorded),
            "metadata": self.metadata,
        }


@dataclass(slots=True)
class _Thing:
    id: str
    versions: list[Version]

    @property
    def created(self) -> int:
        return self.versions[0].recorded

    @property
    def last(self) -> Version:
        return self.versions[-1]

    def known(self, at: int | None) -> Version | None:
        seen = [each for each in self.versions if at is None or each.recorded <= at]
        return seen[-1] if seen else None


@dataclass(slots=True)
class Memory(_Thing):
    """`claims`: further memories of its content are answered with it."""

    scope: Scope
    claims: bool = True
    supersedes: tuple[str, ...] = ()


@dataclass(slots=True)
class Edge(_Thing):
    source: str
    relation: str
    target: str
    retracted: int | None = None

    @property
    def ends(self) -> Ends:
        return self.source, self.relation, self.target

    def known(self, at: int | None) -> Version | None:
        gone = self.retracted is not None and (at is None or at >= self.retracted)
        return None if gone else _Thing.known(self, at)

    def out(self, version: Version) -> Json:
        ends = {"source": self.source, "target": self.target, "relation": self.relation}
        return {"id": self.id, **ends, "created_at": iso(self.created), **version.stamps()}


@dataclass(frozen=True, slots=True)
class Draft:
    content: str
    scope: Scope = ANYWHERE
    metadata: Json | None = None
    valid_from: int | None = None
    valid_to: int | None = None
    dedup: bool = True
    supersedes: tuple[str, ...] = ()
