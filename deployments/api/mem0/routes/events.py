"""Routes of events, which is what Mem0 calls jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from typing_extensions import TypedDict

from deployments.api.mem0.schemas.paging import Paged, envelope
from deployments.api.mem0.schemas.responses import OutcomeOut, RelationOut
from deployments.api.mem0.schemas.serialize import outcome_out, relation_out
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.serialize import Json
from memory.domain.clock import format_end, format_instant
from memory.domain.jobs import Job
from memory.service.api import Jobs


class EventOut(TypedDict):
    """`metadata` says how the job was done, and what of the call could not be acted on; `latency`
    is milliseconds from the call to its end."""

    id: str
    event_type: Annotated[str, Field(examples=["ADD", "DELETE_ALL", "DELETE_USER"])]
    status: Annotated[str, Field(examples=["PENDING", "RUNNING", "SUCCEEDED", "FAILED"])]
    payload: Mapping[str, Any]
    metadata: Mapping[str, Any] | None
    results: list[OutcomeOut]
    relations: list[RelationOut]
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    latency: float | None
    graph_status: None
    error: str | None


class EventsOut(TypedDict):
    count: int
    next: str | None
    previous: str | None
    results: list[EventOut]


def routes(jobs: Jobs) -> APIRouter:
    router = new_router("mem0")

    @router.get("/v1/events", response_model=EventsOut)
    async def events(paging: Paged, request: Request, who: Who) -> Json:
        """The jobs of the last seven days, newest first."""
        found = await jobs.page(who, paging.offset, paging.size)
        return Json(envelope(request, paging, found.count, [*map(event_out, found.jobs)]))

    # Only ids of jobs: /v1/events/stream is another call.
    @router.get("/v1/event/{event_id:uuid}", response_model=EventOut)
    @router.get("/v1/events/{event_id:uuid}", include_in_schema=False)
    async def event(event_id: UUID, who: Who) -> Json:
        """One job: its state, and what became of which memory."""
        return Json(event_out(await jobs.get(who, str(event_id))))

    return router


def event_out(job: Job) -> EventOut:
    return {
        "id": job.id,
        "event_type": job.kind.value,
        "status": job.state.value,
        "payload": {},
        "metadata": job.details or None,
        "results": [*map(outcome_out, job.outcomes)],
        "relations": [*map(relation_out, job.relations)],
        "created_at": format_instant(job.created_at),
        "updated_at": format_instant(job.updated_at),
        "started_at": format_end(job.started_at),
        "completed_at": format_end(job.completed_at),
        "latency": _latency(job),
        "graph_status": None,
        "error": job.error,
    }


def _latency(job: Job) -> float | None:
    """Milliseconds from the call to its end."""
    return None if job.completed_at is None else (job.completed_at - job.created_at) / 1_000
