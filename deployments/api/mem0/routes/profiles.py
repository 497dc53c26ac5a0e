"""Routes of user profiles, which are not generated here: who has none is told so, and no setting
pretends otherwise."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, model_validator

from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import Body
from deployments.api.schemas.serialize import Json
from memory.domain.errors import InvalidInput, NotFound
from memory.query.conditions import Is
from memory.query.views import Selection, View
from memory.service.api import Memories

_EVER = View(superseded=True, expired=True)
_NOT_HERE = "this server generates no profiles; POST /v1/summary and POST /v1/exports come close"
_OF_ENTITIES = ("schema", "custom_instructions")
_SETTINGS = {
    "enabled": False,
    "capabilities": {},
    "entities": {"user": {"schema": None, "custom_instructions": None}},
}


class SettingsIn(Body):
    """What is of a kind of entity stands under its name."""

    enabled: bool | None = None
    entities: dict[str, dict[str, Any] | None] | None = None

    @model_validator(mode="before")
    @classmethod
    def _nested(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and not fields.keys().isdisjoint(_OF_ENTITIES):
            raise ValueError('schema and custom_instructions go into {"entities": {"user": …}}')
        return fields


class ProfileOut(BaseModel):
    profile: dict[str, Any]
    status: Literal["not_enabled"]
    entity_type: Literal["user"]
    entity_id: str
    updated_at: None
    generation_count: int


class SettingsOut(BaseModel):
    enabled: Literal[False]
    capabilities: dict[str, Any]
    entities: dict[str, dict[str, Any]]


def routes(memories: Memories) -> APIRouter:
    """To be included before the routes of entities: a profile is at the end of their paths."""
    router = new_router("mem0", prefix="/v2")

    @router.get("/entities/user/{user_id:path}/profile", response_model=ProfileOut)
    async def profile(user_id: str, who: Who) -> Json:
        """That there is none; 404 for a user whom no memory names."""
        condition = Is("user_id", (user_id,))
        asked = Selection(condition=condition, view=_EVER, limit=0)
        if not (await memories.select(who, asked)).count:
            raise NotFound(f"no memory names the user {user_id[:60]!r}")
        return Json(
            {
                "profile": {},
                "status": "not_enabled",
                "entity_type": "user",
                "entity_id": user_id,
                "updated_at": None,
                "generation_count": 0,
            }
        )

    @router.get("/profiles/settings", response_model=SettingsOut)
    async def settings(who: Who) -> Json:
        """That they are switched off."""
        return Json(_SETTINGS)

    @router.post("/profiles/settings", response_model=SettingsOut, dependencies=[HOLDS_RIGHT])
    async def change(body: SettingsIn, who: Who) -> Json:
        """Refused where it would switch anything on."""
        wanted = filter(None, (body.entities or {}).values())
        if body.enabled or any(value for each in wanted for value in each.values()):
            raise InvalidInput(_NOT_HERE)
        return Json(_SETTINGS)

    @router.post("/profiles/jobs")
    async def generate(who: Who) -> Json:
        """Refused: nothing would come of it."""
        raise InvalidInput(_NOT_HERE)

    @router.get("/profiles/jobs/{job_id}")
    async def job(job_id: str, who: Who) -> Json:
        """There is none."""
        raise NotFound(f"no profile job {job_id[:60]!r}: {_NOT_HERE}")

    return router
