"""How the domain's objects are written for Mem0's clients; schemas.py documents it. What is not
about a single form of a call is in every answer: clients of all ages find the names they know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from deployments.api.schemas import serialize
from memory.domain.clock import format_instant, moment, now
from memory.domain.jobs import Job, JobState, Outcome, Relation
from memory.domain.memory import Event, Memory
from memory.domain.results import Found

Body = dict[str, Any]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def memory_out(memory: Memory) -> Body:
    """A memory: created when it became valid, updated when this was recorded."""
    created = format_instant(memory.valid_from)
    return serialize.memory_out(memory) | {
        "created_at": created,
        "hash": hashlib.md5(memory.content.encode(), usedforsecurity=False).hexdigest(),
        "structured_attributes": _attributes(memory.valid_from),
        "replaced_by": memory.superseded_by,
        "synthesized": False,
        "lifecycle_state": _state(memory),
    }


def found_out(found: Found) -> Body:
    return memory_out(found.memory) | {
        "score": _share(found.score),
        "score_breakdown": {
            "semantic": round(found.cosine, 6),
            "bm25": round(found.coverage, 6),
            "entity": 0.0,
        },
    }


def projected(memories: Iterable[Body], fields: Sequence[str] | None) -> list[Body]:
    """Of each memory its id and the fields asked for; all of them where none are."""
    if not fields:
        return list(memories)
    asked = ("id", *fields)
    return [{name: each[name] for name in asked if name in each} for each in memories]


def successors(versions: Sequence[Memory]) -> list[str]:
    """What history_out has to know besides: by what the memory was superseded."""
    ended = (each.superseded_by for each in versions if each.event is Event.SUPERSEDE)
    return [*dict.fromkeys(each for each in ended if each)]


def history_out(versions: Sequence[Memory], following: Sequence[Memory]) -> list[Body]:
    """Each version by what it changed. One that a successor ended shows as the update to it."""
    by_id = {each.id: each for each in following}
    rows: list[Body] = []
    before: Memory | None = None
    for version in versions:
        ended = version.event is Event.SUPERSEDE
        after = by_id.get(version.superseded_by or "", version) if ended else version
        rows.append(
            {
                "id": f"{version.id}:{version.version}",
                "memory_id": version.id,
                "input": [],
                "old_memory": None if before is None else before.content,
                "new_memory": after.content,
                "event": "ADD" if version.event is Event.ADD else "UPDATE",
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


def outcome_out(outcome: Outcome) -> Body:
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


def relation_out(relation: Relation) -> Body:
    return {
        "source": relation.source,
        "relationship": relation.relationship,
        "target": relation.target,
        "edge_id": relation.edge_id,
    }


def added_out(job: Job, graph: bool) -> Body:
    """The answer to an add. Without `relations`, unless relationships were asked for."""
    if not job.state.ended:
        return queued_out(job)
    out: Body = {
        "message": job.error or ("stored" if job.outcomes else "nothing to store"),
        "status": job.state.value,
        "event_id": job.id,
        "results": [*map(outcome_out, job.outcomes)],
    }
    return out | {"relations": [*map(relation_out, job.relations)]} if graph else out


def queued_out(job: Job) -> Body:
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


def _attributes(instant: int) -> Body:
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
