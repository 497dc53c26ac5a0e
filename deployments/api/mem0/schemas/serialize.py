"""Writes the domain's objects for Mem0's clients, in the shapes of responses.py. What is not about
a single form of a call is in every answer: clients of all ages find the names they know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deployments.api.mem0.schemas.responses import (
    AttributesOut,
    BreakdownOut,
    HistoryRowOut,
    Mem0AddedOut,
    Mem0MemoryOut,
    OutcomeOut,
    PendingOut,
    RelationOut,
)
from deployments.api.schemas import serialize
from memory.domain.clock import format_instant, moment, now
from memory.domain.jobs import Job, JobState, Outcome, Relation
from memory.domain.memory import Memory, VersionEvent
from memory.domain.results import Found

# A memory, or those of its fields that were asked for.
Body = Mapping[str, Any]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def memory_out(memory: Memory) -> Mem0MemoryOut:
    """A memory: created when it became valid, updated when this was recorded."""
    created = format_instant(memory.valid_from)
    return {
        **serialize.memory_out(memory),
        "created_at": created,
        "hash": hashlib.md5(memory.content.encode(), usedforsecurity=False).hexdigest(),
        "structured_attributes": _attributes(memory.valid_from),
        "replaced_by": memory.superseded_by,
        "synthesized": False,
        "lifecycle_state": _state(memory),
    }


def found_out(found: Found) -> Body:
    breakdown: BreakdownOut = {
        "semantic": round(found.cosine, 6),
        "bm25": round(found.coverage, 6),
        "entity": 0.0,
    }
    return {
        **memory_out(found.memory),
        "score": _share(found.score),
        "score_breakdown": breakdown,
    }


def projected(
    memories: Iterable[Mapping[str, Any]], fields: Sequence[str] | None
) -> list[Mapping[str, Any]]:
    """Of each memory its id and the fields asked for; all of them if none are."""
    if not fields:
        return list(memories)
    asked = ("id", *fields)
    return [{name: memory[name] for name in asked if name in memory} for memory in memories]


def successors(versions: Sequence[Memory]) -> list[str]:
    """What history_out has to know besides: by what the memory was superseded."""
    ended = (
        version.superseded_by for version in versions if version.event is VersionEvent.SUPERSEDE
    )
    return [*dict.fromkeys(memory_id for memory_id in ended if memory_id)]


def history_out(versions: Sequence[Memory], following: Sequence[Memory]) -> list[HistoryRowOut]:
    """Each version by what it changed. One that a successor ended shows as the update to it."""
    by_id = {memory.id: memory for memory in following}
    rows: list[HistoryRowOut] = []
    before: Memory | None = None
    for version in versions:
        ended = version.event is VersionEvent.SUPERSEDE
        after = by_id.get(version.superseded_by or "", version) if ended else version
        rows.append(
            {
                "id": f"{version.id}:{version.version}",
                "memory_id": version.id,
                "input": [],
                "old_memory": None if before is None else before.content,
                "new_memory": after.content,
                "event": "ADD" if version.event is VersionEvent.ADD else "UPDATE",
                "user_id": version.scope.user_id,
                "agent_id": version.scope.agent_id,
                "app_id": version.scope.app_id,
                "session_id": version.scope.session_id,
                "run_id": version.scope.session_id,
                "categories": version.categories,
                "metadata": version.metadata,
                "created_at": format_instant(version.valid_from),
                "updated_at": format_instant(version.recorded_at),
                "is_deleted": False,
                "actor_id": version.actor_id,
                "role": version.role,
                "superseded_by": version.superseded_by,
            }
        )
        before = version
    return rows


def outcome_out(outcome: Outcome) -> OutcomeOut:
    """What became of a memory, in the forms of the event and of older adds. The text is null once
    the memory has been erased."""
    memory = outcome.memory
    text = None if memory is None else memory.content
    return {
        "id": outcome.memory_id,
        "event": outcome.event,
        "memory": text,
        "data": {"memory": text},
        "user_id": None if memory is None else memory.scope.user_id,
    }


def relation_out(relation: Relation) -> RelationOut:
    return {
        "source": relation.source,
        "relationship": relation.relationship,
        "target": relation.target,
        "edge_id": relation.edge_id,
    }


def added_out(job: Job, graph: bool) -> Mem0AddedOut | PendingOut:
    """The answer to an add. `relations` are there only if relationships were asked for."""
    if not job.state.ended:
        return queued_out(job)
    out: Mem0AddedOut = {
        "message": job.error or ("stored" if job.outcomes else "nothing to store"),
        "status": job.state.value,
        "event_id": job.id,
        "results": [*map(outcome_out, job.outcomes)],
    }
    if graph:
        out["relations"] = [*map(relation_out, job.relations)]
    return out


def queued_out(job: Job) -> PendingOut:
    """Of a job that has not ended."""
    return {
        "message": "Memory processing has been queued",
        "status": JobState.PENDING.value,
        "event_id": job.id,
    }


def _state(memory: Memory) -> str:
    if memory.superseded_by:
        return "superseded"
    ended = memory.valid_to is not None and memory.valid_to <= now()
    return "expired" if ended else "active"


def _share(score: float) -> float:
    return round(min(1.0, max(0.0, score)), 6)


def _attributes(instant: int) -> AttributesOut:
    """Parts of the time of creation, UTC."""
    at = moment(instant)
    return {
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "hour": at.hour,
        "minute": at.minute,
        "day_of_week": _WEEKDAYS[at.weekday()],
        "day_of_year": at.timetuple().tm_yday,
        "week_of_year": at.isocalendar().week,
        "quarter": (at.month + 2) // 3,
        "is_weekend": at.weekday() >= 5,
    }
