"""The lines of an export: how records are written as JSON, and read back as strictly as any other
request (docs/transfer.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from deployments.api.schemas.fields import (
    Body,
    Categories,
    Content,
    Entity,
    Instant,
    Metadata,
    Relation,
    Role,
    ScopeFields,
    instant,
)
from memory.domain.clock import format_end, format_instant, parse_instant
from memory.domain.memory import Edge, Memory, Owner, VersionEvent
from memory.domain.records import EdgeRecord, Entry, MemoryRecord, Record
from memory.transfer.remap import only_owner

FORMAT = 1
_MOST_PARTS = 1_000_000

_Identifier = Annotated[str, Field(max_length=64)]

# More do not fit a body, unless it may be much larger than it is by default.
_Versions = Field(min_length=1, max_length=100_000, fail_fast=True)


class _IntervalLine(Body):
    valid_from: Instant
    valid_to: Instant | None = None
    recorded_at: Instant
    retracted_at: Instant | None = None
    metadata: Metadata | None = None

    def interval(self) -> dict[str, Any]:
        return {
            "valid_from": parse_instant(self.valid_from, "valid_from"),
            "valid_to": instant(self.valid_to, "valid_to"),
            "recorded_at": parse_instant(self.recorded_at, "recorded_at"),
            "retracted_at": instant(self.retracted_at, "retracted_at"),
            "metadata": self.metadata or {},
        }


class _VersionLine(_IntervalLine):
    version: Annotated[int, Field(ge=1, lt=10**8)]
    event: Literal["ADD", "UPDATE", "SUPERSEDE"]
    content: Content
    categories: Categories | None = None
    supersedes: Annotated[list[_Identifier], Field(max_length=100, fail_fast=True)] | None = None
    immutable: bool = False
    role: Role | None = None
    actor_id: Entity | None = None


class MemoryLine(Body, ScopeFields):
    """A memory with every version, oldest first."""

    id: _Identifier
    created_at: Instant
    holds_claim: bool = True
    versions: Annotated[list[_VersionLine], _Versions]

    def record(self, owner: Owner | None) -> MemoryRecord:
        created_at = parse_instant(self.created_at, "created_at")
        versions = tuple(
            Memory(
                id=self.id,
                scope=self.scope(),
                created_at=created_at,
                version=version.version,
                event=VersionEvent(version.event),
                content=version.content,
                categories=tuple(dict.fromkeys(version.categories or ())),
                supersedes=tuple(dict.fromkeys(version.supersedes or ())),
                immutable=version.immutable,
                role=version.role,
                actor_id=version.actor_id,
                **version.interval(),
            )
            for version in self.versions
        )
        return MemoryRecord(versions, self.holds_claim)


class RelationshipLine(Body, ScopeFields):
    """An edge with every version, oldest first; the one scope field names the owner."""

    id: _Identifier
    source: _Identifier
    target: _Identifier
    relation: Relation
    created_at: Instant
    versions: Annotated[list[_IntervalLine], _Versions]

    def record(self, owner: Owner | None) -> EdgeRecord:
        created_at = parse_instant(self.created_at, "created_at")
        versions = tuple(
            Edge(
                id=self.id,
                source=self.source,
                target=self.target,
                relation=self.relation,
                created_at=created_at,
                **version.interval(),
            )
            for version in self.versions
        )
        return EdgeRecord(owner or only_owner(self.scope()), versions)


def _entry_value(value: Any) -> Any:
    """Looked at before pydantic does, which would tell of each part that is wrong."""
    parts = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        parts = [*value, *value.values()]
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"an entry has at most {_MOST_PARTS} parts")
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("an entry consists of texts")
    return value


class EntryLine(Body):
    """What belongs to no owner, in a backup."""

    key: Annotated[str, Field(max_length=512)]
    kind: Literal["string", "hash", "set"]
    value: Annotated[str | dict[str, str] | list[str], BeforeValidator(_entry_value)]

    def entry(self) -> Entry:
        return Entry(self.key, self.kind, self.value)


def header_line(kind: str, at: int, **more: Any) -> dict[str, Any]:
    return {"mem0g": kind, "format": FORMAT, "as_of_record": format_instant(at), **more}


def owner_line(owner: Owner) -> dict[str, str]:
    return {f"{owner.kind}_id": owner.value}


def record_line(record: Record) -> dict[str, Any]:
    return _memory_line(record) if isinstance(record, MemoryRecord) else _edge_line(record)


def entry_line(entry: Entry) -> dict[str, Any]:
    return {"type": "entry", "key": entry.key, "kind": entry.kind, "value": entry.value}


def _memory_line(record: MemoryRecord) -> dict[str, Any]:
    first = record.versions[0]
    return {
        "type": "memory",
        "id": first.id,
        **first.scope.given(),
        "created_at": format_instant(first.created_at),
        "holds_claim": record.holds_claim,
        "versions": [
            {
                "version": version.version,
                "event": version.event.value,
                "content": version.content,
                "categories": version.categories,
                "supersedes": version.supersedes,
                **_said_by(version),
                **_interval_line(version),
            }
            for version in record.versions
        ],
    }


def _edge_line(record: EdgeRecord) -> dict[str, Any]:
    first = record.versions[0]
    return {
        "type": "relationship",
        "id": first.id,
        **owner_line(record.owner),
        "source": first.source,
        "target": first.target,
        "relation": first.relation,
        "created_at": format_instant(first.created_at),
        "versions": [_interval_line(version) for version in record.versions],
    }


def _interval_line(version: Memory | Edge) -> dict[str, Any]:
    return {
        "valid_from": format_instant(version.valid_from),
        "valid_to": format_end(version.valid_to),
        "recorded_at": format_instant(version.recorded_at),
        "retracted_at": format_end(version.retracted_at),
        "metadata": version.metadata,
    }


def _said_by(version: Memory) -> dict[str, Any]:
    """What most memories do not have is left out."""
    fields = {
        "immutable": version.immutable,
        "role": version.role,
        "actor_id": version.actor_id,
    }
    return {name: value for name, value in fields.items() if value}
