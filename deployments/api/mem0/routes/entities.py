"""Routes of users, agents, apps and runs: who there is, and how they are forgotten. Ours call a
run a session."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from deployments.api.errors import invalid
from deployments.api.mem0.schemas.paging import Paged, envelope
from deployments.api.mem0.schemas.responses import MessageOut
from deployments.api.routes.dependencies import Who
from deployments.api.routes.erasures import named_in_path
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import Entity as EntityId
from deployments.api.schemas.serialize import Json
from memory.domain.caller import Caller
from memory.domain.clock import format_instant
from memory.domain.errors import InvalidInput, NotFound
from memory.domain.jobs import Job, JobKind
from memory.domain.memory import Owner
from memory.domain.selections import Entity
from memory.service.api import Jobs, Memories

# Of Mem0, and what they are called here.
KINDS = {"user": "user", "agent": "agent", "app": "app", "run": "session", "session": "session"}
_TYPES = ("user", "agent", "app", "run")
_ENTITY: TypeAdapter[str] = TypeAdapter(EntityId)


class EntityOut(TypedDict):
    """`owner` is the project; the times are the first created_at and the last updated_at of what
    names the entity, in any version that is known now."""

    id: Annotated[str, Field(examples=["412345678901234567"])]
    name: str
    type: Annotated[str, Field(examples=[*_TYPES])]
    total_memories: int
    owner: str
    metadata: None
    created_at: str
    updated_at: str


class EntitiesOut(TypedDict):
    count: int
    next: str | None
    previous: str | None
    results: list[EntityOut]
    total_users: int
    total_agents: int
    total_apps: int
    total_runs: int


class NamesOut(TypedDict):
    users: list[str]
    agents: list[str]
    apps: list[str]
    runs: list[str]


class DeletingOut(MessageOut):
    event_id: str


def routes(memories: Memories, jobs: Jobs) -> APIRouter:
    router = new_router("mem0")

    @router.get("/v1/entities", response_model=EntitiesOut)
    async def entities(paging: Paged, request: Request, who: Who) -> Json:
        """Every user, agent, app and run that a memory names. All of them, if no page is asked
        for: who deletes every entity asks for no second page."""
        found = [entity_out(entity, who.project) for entity in await memories.entities(who)]
        counts = Counter(entity["type"] for entity in found)
        totals = {f"total_{kind}s": counts[kind] for kind in _TYPES}
        if not paging.asked:
            whole = {"count": len(found), "next": None, "previous": None, "results": found}
            return Json(whole | totals)
        page = found[paging.offset :][: paging.size]
        return Json(envelope(request, paging, len(found), page) | totals)

    @router.get("/v1/entities/filters", response_model=NamesOut)
    async def filters(who: Who) -> Json:
        """The names that there are, by kind."""
        names: dict[str, list[str]] = {f"{kind}s": [] for kind in _TYPES}
        for entity in await memories.entities(who):
            names[f"{_type(entity)}s"].append(entity.value)
        return Json(names)

    @router.get("/v2/entities/{kind}/{name:path}", response_model=list[EntityOut])
    async def get(kind: str, name: str, request: Request, who: Who) -> Json:
        """The entity of this name, in a list; 404 if no memory names it."""
        value = named_in_path(name, request)
        if found := await memories.entities(who, Owner(_kind(kind), value)):
            return Json([entity_out(entity, who.project) for entity in found])
        raise NotFound(f"no memory names the {kind} {value[:60]!r}")

    @router.delete("/v2/entities/{kind}/{name:path}", response_model=DeletingOut)
    async def delete(kind: str, name: str, request: Request, who: Who) -> Json:
        """Erase every memory that names the entity. Nothing to erase is as good."""
        return await _forget(who, _kind(kind), one_named(name, request))

    @router.delete("/mem0/v1/entities/{kind}/{number}", response_model=DeletingOut)
    async def delete_by_id(kind: str, number: str, who: Who) -> Json:
        """The same, by the id that the list of entities gives."""
        if not (number.isascii() and number.isdigit()):
            raise InvalidInput("the id of an entity is a number; see GET /v1/entities")
        for entity in await memories.entities(who):
            if entity.kind == _kind(kind) and entity.id == number:
                return await _forget(who, entity.kind, entity.value)
        raise NotFound(f"no {kind} has the id {number[:60]}")

    async def _forget(who: Caller, kind: str, value: str) -> Json:
        wanted = {f"{kind}_id": value}
        return Json(deleting_out(await jobs.forget(who, JobKind.DELETE_USER, wanted)))

    return router


def one_named(name: str, request: Request) -> str:
    """The id of one entity in a path; * is none. Raises InvalidInput."""
    try:
        return _ENTITY.validate_python(named_in_path(name, request))
    except ValidationError as error:
        raise invalid(error.errors()) from None


def entity_out(entity: Entity, project_id: str) -> EntityOut:
    return {
        "id": entity.id,
        "name": entity.value,
        "type": _type(entity),
        "total_memories": entity.memories,
        "owner": project_id,
        "metadata": None,
        "created_at": format_instant(entity.first),
        "updated_at": format_instant(entity.last),
    }


def deleting_out(job: Job) -> DeletingOut:
    return {
        "message": f"Delete in progress; GET /v1/event/{job.id} tells when it is done",
        "event_id": job.id,
    }


def _type(entity: Entity) -> str:
    return "run" if entity.kind == "session" else entity.kind


def _kind(kind: str) -> str:
    """Raises InvalidInput for what is none of Mem0's."""
    if kind not in KINDS:
        raise InvalidInput(f"Invalid entity type; it is one of {', '.join(_TYPES)}")
    return KINDS[kind]
