"""What Mem0's clients may ask for and this server does not do: user profiles, webhooks, and a
change of the configuration. Every answer says so, and no setting pretends otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, model_validator
from typing_extensions import TypedDict

from access.projects import require_seen
from config.settings import Settings
from deployments.api.mem0.schemas.fields import Mem0Fields
from deployments.api.middleware.permissions import HOLDS_RIGHT
from deployments.api.routes.dependencies import Visitor, Who
from deployments.api.routes.routing import new_router
from deployments.api.schemas.fields import Body, Content
from deployments.api.schemas.serialize import Json
from memory.domain.errors import InvalidInput, NotFound
from memory.query.conditions import Is
from memory.query.views import Selection, View
from memory.service.api import Memories

_EVER = View(superseded=True, expired=True)
_NO_PROFILES = "this server generates no profiles; POST /v1/summary and POST /v1/exports come close"
_NO_WEBHOOKS = "this server calls no webhooks; GET /v1/events/stream tells of every change as it is"
_OF_ENTITIES = ("schema", "custom_instructions")
_PROFILE_SETTINGS = {
    "enabled": False,
    "capabilities": {},
    "entities": {"user": {"schema": None, "custom_instructions": None}},
}
_LLMS = ("openai",)
_EMBEDDERS = ("sentence_transformers",)
_STORES = ("embedded", "weaviate")


class SettingsIn(Body):
    """The settings of a kind of entity stand under its name."""

    enabled: bool | None = None
    entities: dict[str, dict[str, Any] | None] | None = None

    @model_validator(mode="before")
    @classmethod
    def _nested(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and not fields.keys().isdisjoint(_OF_ENTITIES):
            raise ValueError('schema and custom_instructions go into {"entities": {"user": …}}')
        return fields


class ProfileOut(TypedDict):
    profile: dict[str, Any]
    status: Literal["not_enabled"]
    entity_type: Literal["user"]
    entity_id: str
    updated_at: None
    generation_count: int


class SettingsOut(TypedDict):
    enabled: Literal[False]
    capabilities: dict[str, Any]
    entities: dict[str, dict[str, Any]]


class WebhookOut(TypedDict):
    """Never answered: there are none."""

    webhook_id: str


class ProviderOut(TypedDict):
    provider: str
    config: dict[str, Any]


class ConfigurationOut(TypedDict):
    """`llm` is null if there is none."""

    version: str
    vector_store: ProviderOut
    embedder: ProviderOut
    llm: ProviderOut | None


class ProvidersOut(TypedDict):
    """What there is to choose from."""

    llm: list[str]
    embedder: list[str]
    vector_store: list[str]


class UseCaseIn(Mem0Fields):
    use_case: Annotated[Content, Field(max_length=2_000)]


class InstructionsOut(TypedDict):
    custom_instructions: str
    test_message: str


def profile_routes(memories: Memories) -> APIRouter:
    """Include them before the routes of entities: a profile is at the end of their paths."""
    router = new_router("mem0", prefix="/v2")

    @router.get("/entities/user/{user_id:path}/profile", response_model=ProfileOut)
    async def profile(user_id: str, who: Who) -> Json:
        """Says that there is none; 404 for a user whom no memory names."""
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
        """Says that they are switched off."""
        return Json(_PROFILE_SETTINGS)

    @router.post("/profiles/settings", response_model=SettingsOut, dependencies=[HOLDS_RIGHT])
    async def change(body: SettingsIn, who: Who) -> Json:
        """Refused if it would switch anything on."""
        wanted = filter(None, (body.entities or {}).values())
        if body.enabled or any(value for fields in wanted for value in fields.values()):
            raise InvalidInput(_NO_PROFILES)
        return Json(_PROFILE_SETTINGS)

    @router.post("/profiles/jobs")
    async def generate(who: Who) -> Json:
        """Refused: nothing would come of it."""
        raise InvalidInput(_NO_PROFILES)

    @router.get("/profiles/jobs/{job_id}")
    async def job(job_id: str, who: Who) -> Json:
        """There is none."""
        raise NotFound(f"no profile job {job_id[:60]!r}: {_NO_PROFILES}")

    return router


def webhook_routes() -> APIRouter:
    """Whoever wants to know of changes reads the live feed instead."""
    router = new_router("mem0", prefix="/api/v1/webhooks")

    @router.get("/projects/{project_id}", response_model=list[WebhookOut])
    async def page(project_id: str, visitor: Visitor) -> Json:
        """No webhooks."""
        require_seen(visitor, project_id)
        return Json([])

    @router.post("/projects/{project_id}")
    async def create(project_id: str, visitor: Visitor) -> Json:
        """Refused, so that nobody waits for a call that never comes."""
        require_seen(visitor, project_id)
        raise InvalidInput(_NO_WEBHOOKS)

    @router.put("/{webhook_id}")
    @router.delete("/{webhook_id}")
    async def change(webhook_id: str) -> Json:
        """There is none to change."""
        raise NotFound(f"no webhook {webhook_id[:60]!r}: {_NO_WEBHOOKS}")

    return router


def configuration_routes(settings: Settings) -> APIRouter:
    """Of Mem0's open source server. The configuration is read only, and is told without secrets or
    addresses."""
    router = new_router("mem0")

    @router.get("/configure", response_model=ConfigurationOut)
    async def configuration() -> Json:
        """What is configured."""
        return Json(_configuration(settings))

    @router.get("/configure/providers", response_model=ProvidersOut)
    async def providers() -> Json:
        """What could be."""
        return Json({"llm": _LLMS, "embedder": _EMBEDDERS, "vector_store": _STORES})

    @router.post("/configure", response_model=ConfigurationOut, dependencies=[HOLDS_RIGHT])
    async def configure() -> Json:
        """Refused: settings are read when the service starts."""
        raise InvalidInput(
            "the configuration is read only: set MEM0G_ variables, or serve_config.yaml, and"
            " restart the service"
        )

    @router.post("/generate-instructions", response_model=InstructionsOut)
    async def generate_instructions(body: UseCaseIn) -> Json:
        """A first draft of custom_instructions for a use case, by rule and without a model."""
        case = " ".join(body.use_case.split())
        return Json(
            {
                "custom_instructions": (
                    f"The memories are for this use: {case}\n"
                    "Keep what will matter for it later: facts, preferences, plans and decisions"
                    " of the people who speak, with names, places, amounts and dates.\n"
                    "Leave out greetings, small talk, guesses, and whatever has no use there."
                ),
                "test_message": f"Hello! I would like your help with this: {case}",
            }
        )

    return router


def _configuration(settings: Settings) -> dict[str, Any]:
    store, llm = settings.vector_store, settings.llm
    return {
        "version": "v1.1",
        "vector_store": {"provider": store.backend, "config": {"buckets": store.buckets}},
        "embedder": {"provider": _EMBEDDERS[0], "config": {"model": settings.embedder.model}},
        "llm": ({"provider": _LLMS[0], "config": {"model": llm.model}} if llm.base_url else None),
    }
