"""A job as the fields of a hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from graph_store.redis.replies import flat
from memory.domain.jobs import Assignment, Ending, JobKind, JobState
from memory.domain.memory import Scope

# All fields but request and plan.
WORDLESS = (
    *("kind", "state", "scope", "bound", "ending", "error", "attempts"),
    *("created_at", "updated_at", "started_at", "completed_at"),
)


def text_of(value: Any) -> str:
    return orjson.dumps(value).decode()


def object_of(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = orjson.loads(text)
    return found


def fields_of(job: Assignment) -> list[str]:
    fields = {
        "kind": job.kind.value,
        "state": job.state.value,
        "scope": text_of(job.scope.given()),
        "bound": job.bound or "",
        "ending": text_of(asdict(job.ending)),
        "error": job.error or "",
    }
    if job.request is not None:
        fields["request"] = text_of(job.request)
    return flat(fields)


def assignment(slot: str, job_id: str, fields: Mapping[str, str]) -> Assignment:
    ending = orjson.loads(fields["ending"])
    return Assignment(
        id=job_id,
        slot=slot,
        kind=JobKind(fields["kind"]),
        state=JobState(fields["state"]),
        scope=Scope(**orjson.loads(fields["scope"])),
        bound=fields.get("bound") or None,
        request=object_of(fields["request"]) if "request" in fields else None,
        plan=object_of(fields["plan"]) if "plan" in fields else None,
        ending=Ending(
            tuple((event, memory_id) for event, memory_id in ending["outcomes"]),
            tuple(ending["edges"]),
            ending["details"],
        ),
        error=fields.get("error") or None,
        attempts=int(fields.get("attempts", 0)),
        created_at=int(fields["created_at"]),
        updated_at=int(fields["updated_at"]),
        started_at=_instant(fields, "started_at"),
        completed_at=_instant(fields, "completed_at"),
    )


def _instant(fields: Mapping[str, str], name: str) -> int | None:
    return int(fields[name]) if fields.get(name) else None
